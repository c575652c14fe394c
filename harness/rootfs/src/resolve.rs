//! Following symbolic links inside a tree, as a kernel would with the tree as its root.

use std::collections::VecDeque;

use crate::{Blob, Entry, Kind, Tree, TreePath};

/// Longest chain of symbolic links that is followed (Linux `MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// A path that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ResolveError {
    #[error("`{path}` does not exist: nothing at `{at}`")]
    Absent { path: String, at: String },
    #[error("`{path}` needs a directory at `{at}`, which is a {kind}")]
    NoDirectory {
        path: String,
        at: TreePath,
        kind: &'static str,
    },
    #[error("`{path}` goes through more than 40 symbolic links")]
    Loop { path: String },
    #[error("`{path}` becomes an impossible path")]
    Impossible { path: String },
}

/// What to do with the last part and with parts that do not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// Follow all links; everything must exist.
    Follow,
    /// Follow the links of the folders only; what does not exist stays as written.
    Place,
}

impl Tree {
    /// The existing path that `path` (absolute, or relative to the root) leads to once every
    /// symbolic link is followed. `..` at the root stays there; nothing ever leaves the tree.
    pub fn resolve(&self, path: &str) -> Result<TreePath, ResolveError> {
        self.walk(path, Walk::Follow)
    }

    /// The entry that `path` leads to, links followed.
    pub fn lookup(&self, path: &str) -> Option<(TreePath, &Entry)> {
        let path = self.resolve(path).ok()?;
        let entry = self.get(&path)?;
        Some((path, entry))
    }

    /// The content of the regular file that `path` leads to, links followed.
    pub fn read(&self, path: &str) -> Option<&Blob> {
        self.blob(self.resolve(path).ok()?)
    }

    /// Where an entry written to `path` would land: links in its folders are followed, the last
    /// part is not, and folders that do not exist yet are taken as they are written.
    pub fn place(&self, path: &TreePath) -> Result<TreePath, ResolveError> {
        self.walk(path.as_str(), Walk::Place)
    }

    /// The path that the symbolic link at `path` points to, cleaned and inside the root, one step
    /// only; none if `path` is no symbolic link. The second value tells whether the target, read
    /// relative to the link's own folder, climbs above the root.
    pub fn link_target(&self, path: &TreePath) -> Option<(TreePath, bool)> {
        let Kind::Symlink { target } = &self.get(path)?.kind else {
            return None;
        };
        let from_here = if target.starts_with('/') {
            target.clone()
        } else {
            format!("{}/{target}", path.parent()?)
        };
        TreePath::cleaned(&from_here).ok()
    }

    fn walk(&self, path: &str, walk: Walk) -> Result<TreePath, ResolveError> {
        let whole = || path.chars().take(200).collect::<String>();
        let impossible = |_| ResolveError::Impossible { path: whole() };
        let mut todo: VecDeque<String> = parts(path).map(str::to_owned).collect();
        let mut at = TreePath::root();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == ".." {
                at = at.parent().unwrap_or(at);
                continue;
            }
            let next = at.join(&part).map_err(impossible)?;
            let Some(entry) = self.get(&next) else {
                if walk == Walk::Place {
                    at = next;
                    continue;
                }
                let at = next.to_string();
                return Err(ResolveError::Absent { path: whole(), at });
            };
            match &entry.kind {
                Kind::Symlink { target } if walk == Walk::Follow || !todo.is_empty() => {
                    links += 1;
                    // The work is bounded as well: 40 targets of at most 4095 bytes each.
                    if links > MOST_LINKS {
                        return Err(ResolveError::Loop { path: whole() });
                    }
                    if target.starts_with('/') {
                        at = TreePath::root();
                    }
                    for part in parts(target).rev() {
                        todo.push_front(part.to_owned());
                    }
                }
                Kind::Directory => at = next,
                _ if todo.is_empty() => at = next,
                kind => {
                    return Err(ResolveError::NoDirectory {
                        path: whole(),
                        kind: kind.word(),
                        at: next,
                    });
                }
            }
        }
        Ok(at)
    }
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Origin;

    fn tree(links: &[(&str, &str)], files: &[&str]) -> Tree {
        let mut tree = Tree::new();
        for file in files {
            let entry = Entry::file(Blob::new(file.as_bytes().to_vec()), 0o644, Origin::User);
            tree.insert(TreePath::new(file).unwrap(), entry).unwrap();
        }
        for (path, target) in links {
            let entry = Entry::symlink(*target, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        tree
    }

    #[test]
    fn follows_inside_the_root_only() {
        let links = [
            ("/bin", "usr/bin"),
            ("/usr/bin/b", "../../../../../usr/bin/a"),
            ("/c", "/bin/b"),
            ("/self", "self"),
            ("/up", ".."),
        ];
        let tree = tree(&links, &["/usr/bin/a"]);
        let table = [
            ("/bin/a", Some("/usr/bin/a")),
            ("bin/b", Some("/usr/bin/a")),
            ("/c", Some("/usr/bin/a")),
            ("/up/up/c", Some("/usr/bin/a")),
            ("/bin", Some("/usr/bin")),
            ("/", Some("/")),
            ("/../..", Some("/")),
            ("/self", None),
            ("/c/x", None),
            ("/usr/bin/a/..", None),
            ("/nowhere", None),
        ];
        for (path, expected) in table {
            let found = tree.resolve(path).ok();
            assert_eq!(found.as_ref().map(TreePath::as_str), expected, "{path}");
        }
        assert_eq!(
            &tree.read("/c").unwrap().bytes().unwrap()[..],
            b"/usr/bin/a"
        );
    }

    #[test]
    fn a_chain_of_forty_links_is_the_limit() {
        let names: Vec<String> = (0..42).map(|n| format!("/l{n}")).collect();
        let links: Vec<(&str, &str)> = (0..41).map(|n| (&*names[n], &*names[n + 1])).collect();
        let tree = tree(&links, &["/l41"]);
        assert_eq!(tree.resolve("/l1").unwrap().as_str(), "/l41");
        assert!(matches!(
            tree.resolve("/l0"),
            Err(ResolveError::Loop { .. })
        ));
    }

    #[test]
    fn places_what_is_not_there_yet() {
        let links = [("/lib", "usr/lib"), ("/x", "/../../out")];
        let tree = tree(&links, &["/usr/lib/a"]);
        for (path, expected) in [
            ("/lib/new/b", "/usr/lib/new/b"),
            ("/lib", "/lib"),
            ("/x/y", "/out/y"),
        ] {
            let found = tree.place(&TreePath::new(path).unwrap()).unwrap();
            assert_eq!(found.as_str(), expected);
        }
    }

    #[test]
    fn tells_of_climbing_targets() {
        let tree = tree(
            &[("/a/l", "../../etc"), ("/a/m", "../etc"), ("/n", "/../e")],
            &[],
        );
        for (path, target, climbs) in [
            ("/a/l", "/etc", true),
            ("/a/m", "/etc", false),
            ("/n", "/e", true),
        ] {
            let found = tree.link_target(&TreePath::new(path).unwrap()).unwrap();
            assert_eq!((found.0.as_str(), found.1), (target, climbs));
        }
    }
}
