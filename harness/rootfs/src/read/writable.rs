//! Paths that the running user could change if the root were writable.

use super::{Finding, RunAs};
use crate::{Entry, Kind, Tree};

/// Every path that `who` (or anyone) may write to by owner and mode. `what` is
/// `world-writable`, `world-writable-sticky` (folders such as `/tmp`), `owned` or `group-writable`.
/// Symbolic links have no mode of their own and are left out; user 0 may write anything, so for it
/// only what everyone may write is listed.
pub fn writable_paths(tree: &Tree, who: RunAs) -> Vec<Finding> {
    tree.iter()
        .filter(|(_, entry)| !matches!(entry.kind, Kind::Symlink { .. }))
        .filter_map(|(path, entry)| {
            let what = reason(entry, who)?;
            let why = format!(
                "{} mode {:04o}, owner {}:{}",
                entry.kind.word(),
                entry.mode,
                entry.uid,
                entry.gid
            );
            Some(Finding::new(path, what, why))
        })
        .collect()
}

fn reason(entry: &Entry, who: RunAs) -> Option<&'static str> {
    if entry.mode & 0o002 != 0 {
        let is_sticky = entry.is_directory() && entry.mode & 0o1000 != 0;
        return Some(match is_sticky {
            true => "world-writable-sticky",
            false => "world-writable",
        });
    }
    if who.uid == 0 {
        return None;
    }
    // The owner may change the mode too, so owning is writing.
    if entry.uid == who.uid {
        return Some("owned");
    }
    (entry.gid == who.gid && entry.mode & 0o020 != 0).then_some("group-writable")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Origin, TreePath};

    #[test]
    fn owner_group_and_world_are_told_apart() {
        let file = |mode| Entry::file(Blob::new(&b"x"[..]), mode, Origin::User);
        let members = [
            ("/g", file(0o664).with_ids(0, 7)),
            ("/link", Entry::symlink("x", Origin::User)),
            ("/other", file(0o664)),
            ("/own", file(0o444).with_ids(5, 5)),
            ("/tmp", Entry::directory(0o1777, Origin::User)),
            ("/w", file(0o646)),
        ];
        let mut tree = Tree::new();
        for (path, entry) in members {
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        let found = |uid, gid| -> Vec<(String, &str)> {
            let who = RunAs {
                uid,
                gid,
                is_numeric: true,
            };
            let found = writable_paths(&tree, who).into_iter();
            found.map(|f| (f.path.to_string(), f.what)).collect()
        };
        let sticky = ("/tmp".to_owned(), "world-writable-sticky");
        let world = ("/w".to_owned(), "world-writable");
        assert_eq!(found(0, 0), [sticky.clone(), world.clone()]);
        let group = ("/g".to_owned(), "group-writable");
        assert_eq!(
            found(5, 7),
            [group, ("/own".to_owned(), "owned"), sticky, world]
        );
    }
}
