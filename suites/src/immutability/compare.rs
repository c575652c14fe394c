//! Comparing what a container's root holds before load, after it, and in the certified image.

use std::collections::BTreeMap;

use camino::Utf8Path;
use model::WritablePath;
use probe::{EntryKind, Tree as Listed, TreeEntry};
use rootfs::{CutRootfs, Entry, Kind, Tree};
use serde_json::Value;

use super::running::{Difference, Drift};

/// Whether owner ids mean the same inside as in the image.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Ids {
    /// They do.
    Known,
    /// A user namespace with a single mapping hides them; the session's words for it.
    Unknown(String),
}

/// What a runtime or a cluster mounts in every container: whatever an image has there is hidden by
/// specification. Sources: OCI runtime specification, "Default Filesystems"; Kubernetes, managed
/// hosts file; Docker and Podman, name resolution.
const RUNTIMES_OWN: [&str; 6] = [
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/proc",
    "/sys",
];

/// What Docker and Podman put into every container's root before it starts, whether the image has it or
/// not: an empty file as its mark, and a link to the kernel's own list. Seen with Docker 20.10; Podman's
/// mark is named in podman-run(1).
fn is_engines_own(entry: &TreeEntry) -> bool {
    match entry.path.as_str() {
        "/.dockerenv" | "/run/.containerenv" => entry.kind == EntryKind::File && entry.size == 0,
        "/etc/mtab" => entry.target.as_deref() == Some("/proc/mounts"),
        _ => false,
    }
}

/// Reads the cut's listing: every path with owners.
pub(super) fn listing(path: &Utf8Path) -> Result<Tree, String> {
    let file = fs_err::File::open(path).map_err(|error| error.to_string())?;
    let mut reader = std::io::BufReader::new(file);
    CutRootfs::read(&mut reader)
        .map(|cut| cut.tree)
        .map_err(|error| error.to_string())
}

/// What changed under load, and what differs from the image, whose spec lets the paths of
/// `declared` be mounted over.
pub(super) fn drift(
    (before, after): (&Value, &Value),
    tree: &Tree,
    declared: &[WritablePath],
    ids: Ids,
) -> Result<Drift, String> {
    let read = |value: &Value| {
        serde_json::from_value::<Listed>(value.clone())
            .map_err(|error| format!("the probe's listing: {error}"))
    };
    let (before, after) = (read(before)?, read(after)?);
    let unreadable = after
        .entries
        .iter()
        .filter(|entry| entry.unreadable.is_some())
        .map(|entry| entry.path.clone())
        .collect();
    Ok(Drift {
        compared: after.entries.len() as u64,
        during: during(&before, &after),
        from_image: from_image(&after, tree, declared, &ids),
        unreadable,
        owners_unknown: match ids {
            Ids::Known => None,
            Ids::Unknown(why) => Some(why),
        },
    })
}

fn by_path(listed: &Listed) -> BTreeMap<&str, &TreeEntry> {
    listed
        .entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry))
        .collect()
}

fn during(before: &Listed, after: &Listed) -> Vec<Difference> {
    let (old, new) = (by_path(before), by_path(after));
    let mut found = Vec::new();
    for (path, entry) in &new {
        match old.get(path) {
            None => found.push(difference(path, "new")),
            Some(was) if was != entry => found.push(difference(path, &changed(was, entry))),
            Some(_) => {}
        }
    }
    for path in old.keys().filter(|path| !new.contains_key(*path)) {
        found.push(difference(path, "gone"));
    }
    found
}

fn changed(was: &TreeEntry, is: &TreeEntry) -> String {
    let mut fields = Vec::new();
    if was.kind != is.kind {
        fields.push("kind");
    }
    if was.mode != is.mode {
        fields.push("mode");
    }
    if (was.uid, was.gid) != (is.uid, is.gid) {
        fields.push("owner");
    }
    if (was.size, &was.sha256, &was.target) != (is.size, &is.sha256, &is.target) {
        fields.push("content");
    }
    format!("changed: {}", fields.join(", "))
}

fn from_image(
    listed: &Listed,
    tree: &Tree,
    declared: &[WritablePath],
    ids: &Ids,
) -> Vec<Difference> {
    let new = by_path(listed);
    let mut found = Vec::new();
    for (path, entry) in &new {
        match tree.get(path) {
            Some(wanted) => {
                if let Some(how) = differs(tree, path, wanted, entry, ids) {
                    found.push(difference(path, &how));
                }
            }
            // The runtime makes a place for each of its mounts, and the folders on the way.
            None if is_way_to_mount(path, entry, listed) || is_engines_own(entry) => {}
            None => found.push(difference(path, "not in the image")),
        }
    }
    for (path, entry) in tree.iter() {
        if new.contains_key(path.as_str()) {
            continue;
        }
        let over = listed
            .mounts_not_entered
            .iter()
            .find(|mount| within(path.as_str(), mount));
        match over {
            None => found.push(difference(path.as_str(), "missing")),
            // A folder that is mounted over is a way to a mount, like one that the runtime makes.
            Some(_) if entry.is_directory() => {}
            Some(mount) if may_hide(mount, declared) => {}
            Some(mount) => {
                found.push(difference(
                    path.as_str(),
                    &format!("hidden by a mount on {mount}"),
                ));
            }
        }
    }
    found
}

/// Whether the runtime or the spec says that something is mounted there.
fn may_hide(mount: &str, declared: &[WritablePath]) -> bool {
    let declared = declared.iter().map(|writable| writable.path.as_str());
    declared.chain(RUNTIMES_OWN).any(|path| within(mount, path))
}

/// Whether `path` is `folder` or lies below it.
fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_way_to_mount(path: &str, entry: &TreeEntry, listed: &Listed) -> bool {
    listed.mounts_not_entered.iter().any(|mount| {
        mount == path
            || entry.kind == EntryKind::Directory && mount.starts_with(&format!("{path}/"))
    })
}

fn differs(
    tree: &Tree,
    path: &str,
    wanted: &Entry,
    entry: &TreeEntry,
    ids: &Ids,
) -> Option<String> {
    let kind = match (&wanted.kind, entry.kind) {
        (Kind::Directory, EntryKind::Directory)
        | (Kind::File(_) | Kind::Hardlink { .. }, EntryKind::File)
        | (Kind::Symlink { .. }, EntryKind::Symlink)
        | (Kind::CharDevice { .. }, EntryKind::Character)
        | (Kind::BlockDevice { .. }, EntryKind::Block)
        | (Kind::Fifo, EntryKind::Fifo) => None,
        _ => Some(format!(
            "{:?} instead of {}",
            entry.kind,
            wanted.kind.word()
        )),
    };
    if kind.is_some() {
        return kind;
    }
    let is_link = entry.kind == EntryKind::Symlink;
    if !is_link && wanted.mode != entry.mode && !is_roots_own_mode(path, wanted.mode, entry.mode) {
        return Some(format!(
            "mode {:04o} instead of {:04o}",
            entry.mode, wanted.mode
        ));
    }
    if *ids == Ids::Known && (wanted.uid, wanted.gid) != (entry.uid, entry.gid) {
        return Some(format!(
            "owner {}:{} instead of {}:{}",
            entry.uid, entry.gid, wanted.uid, wanted.gid
        ));
    }
    if let (Some(blob), Some(digest)) = (tree.blob(path), &entry.sha256) {
        let wanted = blob.digest().hex();
        return (wanted != *digest).then(|| "other content".to_owned());
    }
    match (&wanted.kind, &entry.target) {
        (Kind::Symlink { target }, Some(found)) if target != found => {
            Some(format!("leads to {found} instead of {target}"))
        }
        _ => None,
    }
}

/// Podman's storage gives the root of every container mode 0555, whatever the image says; seen with
/// Podman 4.3. Nothing but the loss of write permissions is taken for it.
fn is_roots_own_mode(path: &str, wanted: u32, found: u32) -> bool {
    path == "/" && found == wanted & !0o222
}

fn difference(path: &str, how: &str) -> Difference {
    Difference {
        path: path.to_owned(),
        how: how.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn entry(path: &str, kind: &str, size: u64, target: Option<&str>) -> TreeEntry {
        let entry = serde_json::json!({"path": path, "kind": kind, "mode": 420, "uid": 0, "gid": 0,
            "size": size, "target": target});
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn only_the_root_may_lose_its_write_permissions() {
        assert!(is_roots_own_mode("/", 0o755, 0o555));
        for (path, wanted, found) in [
            ("/usr", 0o755, 0o555),
            ("/", 0o755, 0o775),
            ("/", 0o555, 0o755),
            ("/", 0o755, 0o550),
        ] {
            assert!(!is_roots_own_mode(path, wanted, found), "{path} {found:o}");
        }
    }

    #[test]
    fn an_engines_own_files_are_known_and_nothing_in_their_place_is() {
        for own in [
            entry("/.dockerenv", "file", 0, None),
            entry("/run/.containerenv", "file", 0, None),
            entry("/etc/mtab", "symlink", 12, Some("/proc/mounts")),
        ] {
            assert!(is_engines_own(&own), "{own:?}");
        }
        for other in [
            entry("/.dockerenv", "file", 1, None),
            entry("/.dockerenv", "directory", 0, None),
            entry("/etc/mtab", "symlink", 12, Some("/tmp/mounts")),
            entry("/etc/mtab", "file", 0, None),
            entry("/.other", "file", 0, None),
        ] {
            assert!(!is_engines_own(&other), "{other:?}");
        }
    }
}
