//! Dynamic loaders: programs that run any ELF file they are given.

use super::{Finding, programs};
use crate::Tree;

/// Every path that is a dynamic loader or leads to one. A dynamic image needs one; a static image
/// should have none.
pub fn loaders(tree: &Tree) -> Vec<Finding> {
    programs(tree)
        .filter_map(|(path, end)| {
            let what = named(path.name()).or_else(|| named(end.name()))?;
            Some(Finding::new(path, what, format!("loader `{end}`")))
        })
        .collect()
}

fn named(name: &str) -> Option<&'static str> {
    let is_versioned = name.contains(".so");
    if name.starts_with("ld-musl-") && is_versioned {
        Some("musl")
    } else if is_versioned && (name.starts_with("ld-") || name.starts_with("ld64.so"))
        || name.starts_with("ld.so.")
    {
        Some("glibc")
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin, TreePath};

    #[test]
    fn knows_the_loaders_of_all_architectures() {
        let table = [
            ("/lib64/ld-linux-x86-64.so.2", Some("glibc")),
            ("/lib/ld-linux-aarch64.so.1", Some("glibc")),
            ("/lib/ld-linux-armhf.so.3", Some("glibc")),
            ("/lib/ld-linux.so.2", Some("glibc")),
            ("/lib64/ld64.so.2", Some("glibc")),
            ("/lib/ld64.so.1", Some("glibc")),
            ("/lib/ld-2.31.so", Some("glibc")),
            ("/lib/ld-musl-x86_64.so.1", Some("musl")),
            ("/etc/ld.so.cache", None),
            ("/usr/bin/ld", None),
        ];
        for (path, expected) in table {
            let mut tree = Tree::new();
            let mode = if path.starts_with("/etc") {
                0o644
            } else {
                0o755
            };
            let entry = Entry::file(Blob::new(&b"x"[..]), mode, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
            let found = loaders(&tree);
            assert_eq!(found.first().map(|f| f.what), expected, "{path}");
        }
    }
}
