//! Making what the maintainer scripts of known packages would have made, by the rows of
//! [`super::table`]. Every path made is returned as a note.

use std::collections::BTreeSet;

use model::Arch;
use rootfs::{Blob, Entry, Origin, Tree, TreePath};

use super::accounts::{self, SystemUser};
use super::table::{Group, Make, TABLE};
use super::{linker_cache, put};
use crate::error::Result;

/// Makes what the scripts of `packages` would have made, the account files and the linker cache.
/// Returns a note for each.
pub fn generate(tree: &mut Tree, arch: Arch, packages: &BTreeSet<&str>) -> Result<Vec<String>> {
    let rows = TABLE
        .iter()
        .filter(|(package, _)| packages.contains(package));
    let makes: Vec<(&str, &Make)> = rows
        .flat_map(|(package, makes)| makes.iter().map(move |make| (*package, make)))
        .collect();
    let mut notes = Vec::new();
    for (package, make) in &makes {
        if let Some(path) = make.run(tree, package)? {
            notes.push(format!(
                "generated: {path} as the script of {package} would"
            ));
        }
    }
    let users: Vec<SystemUser> = makes
        .iter()
        .filter_map(|(_, make)| match make {
            Make::User { user, .. } => Some(*user),
            _ => None,
        })
        .collect();
    let (more, numbers) = accounts::write(tree, &users, || packages.contains("passwd"))?;
    notes.extend(more);
    for (package, make) in &makes {
        let Make::User { user, owns } = make else {
            continue;
        };
        let number = numbers
            .iter()
            .find(|(name, _)| *name == user.name)
            .map(|(_, number)| *number);
        for (path, mode, group) in owns.iter().filter(|_| number.is_some()) {
            let (uid, own) = number.unwrap_or_default();
            let gid = match group {
                Group::Own => own,
                Group::Number(number) => *number,
            };
            give(tree, path, *mode, (uid, gid), package)?;
            notes.push(format!("generated: {path} belongs to {}", user.name));
        }
    }
    if packages.contains("libc-bin") {
        let cache = linker_cache(tree, arch);
        for (path, target) in cache.missing_links {
            notes.push(format!("generated: {path} as ldconfig would"));
            put(tree, path.as_str(), link(&target, "libc-bin"))?;
        }
        let file = entry(Blob::new(cache.bytes), 0o644, "libc-bin");
        put(tree, "/etc/ld.so.cache", file)?;
        let count = cache.libraries;
        notes.push(format!(
            "generated: /etc/ld.so.cache with {count} libraries"
        ));
    }
    Ok(notes)
}

impl Make {
    /// Makes it; the path, if there was something to make.
    fn run(&self, tree: &mut Tree, package: &str) -> Result<Option<String>> {
        let (at, made) = match *self {
            Self::Copy { from, to } => {
                let Some((path, found)) = tree.lookup(from) else {
                    return Ok(None);
                };
                let (mode, blob) = (found.mode, tree.blob(&path).cloned());
                let Some(blob) = blob else { return Ok(None) };
                (to, entry(blob, mode, package))
            }
            Self::Link { at, to } => (at, link(to, package)),
            Self::Migrate { at, to } => return migrate(tree, at, to, package),
            Self::Own { at, mode, uid, gid } => {
                if !tree.contains(at) {
                    return Ok(None);
                }
                give(tree, at, mode, (uid, gid), package)?;
                return Ok(Some(format!("owner and mode of {at}")));
            }
            Self::Alternative { link: at, program } => {
                if tree.lookup(program).is_none() || tree.contains(at) {
                    return Ok(None);
                }
                let name = at.rsplit('/').next().unwrap_or(at);
                let middle = format!("/etc/alternatives/{name}");
                put(tree, &middle, link(program, package))?;
                put(tree, at, link(&middle, package))?;
                return Ok(Some(format!("{at} and {middle}")));
            }
            Self::Text {
                at,
                text,
                mode,
                gid,
            } => (
                at,
                entry(Blob::new(text.as_bytes()), mode, package).with_ids(0, gid),
            ),
            Self::Folder { at, mode, gid } => {
                let origin = Origin::Generated(package.into());
                (
                    at,
                    Entry::directory(mode, origin)
                        .with_ids(0, gid)
                        .with_owner("generated"),
                )
            }
            Self::User { .. } => return Ok(None),
        };
        if tree.lookup(at).is_some() || tree.contains(at) {
            return Ok(None);
        }
        put(tree, at, made)?;
        Ok(Some(at.to_owned()))
    }
}

/// Puts a link in the place of an empty folder; the path, unless there is a link already or the
/// folder holds something, at which the script would fail.
fn migrate(tree: &mut Tree, at: &str, to: &str, package: &str) -> Result<Option<String>> {
    let Ok(path) = TreePath::new(at) else {
        return Ok(None);
    };
    let free = match tree.get(&path) {
        None => true,
        Some(found) => found.is_directory() && tree.children(&path).next().is_none(),
    };
    if free {
        tree.remove(&path);
        put(tree, at, link(to, package))?;
    }
    Ok(free.then(|| at.to_owned()))
}

/// Gives the path to the user and group `ids`; an absent one is made as a folder.
fn give(tree: &mut Tree, path: &str, mode: u32, ids: (u32, u32), package: &str) -> Result<()> {
    let mut owned = match tree.get(path) {
        Some(found) => found.clone(),
        None => {
            let origin = Origin::Generated(package.into());
            Entry::directory(mode, origin).with_owner("generated")
        }
    };
    owned.mode = mode;
    put(tree, path, owned.with_ids(ids.0, ids.1))
}

fn entry(blob: Blob, mode: u32, package: &str) -> Entry {
    Entry::file(blob, mode, Origin::Generated(package.into())).with_owner("generated")
}

fn link(to: &str, package: &str) -> Entry {
    Entry::symlink(to, Origin::Generated(package.into())).with_owner("generated")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_become_links_and_owners_change_only_where_they_can() {
        let mut tree = Tree::new();
        for path in ["/var/run", "/var/lock/held", "/var/log/web"] {
            let folder = Entry::directory(0o755, Origin::Package("a".into()));
            put(&mut tree, path, folder).unwrap();
        }
        let mut run = |make: Make| make.run(&mut tree, "a").unwrap();
        let migrate = |at| Make::Migrate { at, to: "/run" };
        assert_eq!(run(migrate("/var/run")).as_deref(), Some("/var/run"));
        assert_eq!(run(migrate("/var/lock")), None, "it holds something");
        let own = |at| Make::Own {
            at,
            mode: 0o750,
            uid: 33,
            gid: 4,
        };
        assert!(run(own("/var/log/web")).is_some());
        assert_eq!(run(own("/var/log/none")), None);
        let link = tree.get("/var/run").unwrap();
        assert_eq!(link.kind.word(), "symlink");
        assert!(tree.get("/var/lock").unwrap().is_directory());
        let log = tree.get("/var/log/web").unwrap();
        assert_eq!((log.mode, log.uid, log.gid), (0o750, 33, 4));
        assert!(!tree.contains("/var/log/none"));
    }
}
