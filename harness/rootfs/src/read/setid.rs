//! Files that run as someone else.

use super::Finding;
use crate::Tree;

/// Every path with a setuid or setgid bit: `setuid`, `setgid`, and on folders, where the bits only
/// pass the owner on, `setuid-directory` and `setgid-directory`.
pub fn set_ids(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, entry) in std::iter::once((&crate::TreePath::root(), tree.root())).chain(tree.iter())
    {
        let (user, group) = match entry.is_directory() {
            true => ("setuid-directory", "setgid-directory"),
            false => ("setuid", "setgid"),
        };
        let why = || format!("mode {:04o}, owner {}:{}", entry.mode, entry.uid, entry.gid);
        if entry.mode & 0o4000 != 0 {
            found.push(Finding::new(path, user, why()));
        }
        if entry.mode & 0o2000 != 0 {
            found.push(Finding::new(path, group, why()));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin, TreePath};

    #[test]
    fn both_bits_on_files_and_folders() {
        let mut tree = Tree::new();
        for (path, mode) in [
            ("/a", 0o4755),
            ("/b", 0o2755),
            ("/c", 0o6755),
            ("/d", 0o1777),
        ] {
            let entry = Entry::file(Blob::new(&b"x"[..]), mode, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        let folder = Entry::directory(0o2775, Origin::User);
        tree.insert(TreePath::new("/e").unwrap(), folder).unwrap();
        let found = set_ids(&tree);
        let found: Vec<(&str, &str)> = found.iter().map(|f| (f.path.as_str(), f.what)).collect();
        assert_eq!(
            found,
            [
                ("/a", "setuid"),
                ("/b", "setgid"),
                ("/c", "setuid"),
                ("/c", "setgid"),
                ("/e", "setgid-directory"),
            ]
        );
    }
}
