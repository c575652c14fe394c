//! Copyright files: what a licence asks to be kept.

use crate::{Tree, TreePath};

/// Every `copyright` file directly in a folder of `/usr/share/doc`, sorted.
pub fn copyrights(tree: &Tree) -> Vec<TreePath> {
    let Ok(doc) = tree.resolve("/usr/share/doc") else {
        return Vec::new();
    };
    tree.files()
        .map(|(path, _, _)| path)
        .filter(|path| path.is_below(&doc) && path.depth() == doc.depth() + 2)
        .filter(|path| path.name() == "copyright")
        .cloned()
        .collect()
}

/// The packages among `names` whose copyright file is absent. A package may share the folder of
/// another one through a symbolic link.
pub fn missing_copyrights<'a>(
    tree: &Tree,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let is_missing = |name: &&str| {
        tree.read(&format!("/usr/share/doc/{name}/copyright"))
            .is_none()
    };
    names.into_iter().filter(is_missing).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin};

    #[test]
    fn links_between_packages_count() {
        let mut tree = Tree::new();
        let file = Entry::file(Blob::new(&b"x"[..]), 0o644, Origin::User);
        let path = |text: &str| TreePath::new(text).unwrap();
        tree.insert(path("/usr/share/doc/libc6/copyright"), file.clone())
            .unwrap();
        tree.insert(path("/usr/share/doc/a/b/copyright"), file)
            .unwrap();
        let link = Entry::symlink("libc6", Origin::User);
        tree.insert(path("/usr/share/doc/libc-bin"), link).unwrap();
        assert_eq!(copyrights(&tree).len(), 1);
        let missing = missing_copyrights(&tree, ["libc6", "libc-bin", "a", "zlib1g"]);
        assert_eq!(missing, ["a", "zlib1g"]);
    }
}
