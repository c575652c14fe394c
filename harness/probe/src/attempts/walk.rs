//! Listing the container's directories and code files, with full sight, before rights are dropped.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use probe::{Mount, SetIdFile, SkippedMount, Stopped};

use crate::sys::{clock, files};

/// File systems that hold no files of anybody's.
const PSEUDO: [&str; 17] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "securityfs",
    "sysfs",
];
/// Names that end like this are code for a loader or an interpreter, whatever their bits.
const BYTECODE: [&str; 6] = [".pyc", ".pyo", ".class", ".jar", ".luac", ".beam"];
const SCRIPTS: [&str; 10] = [
    ".py", ".pl", ".pm", ".rb", ".lua", ".js", ".mjs", ".sh", ".php", ".tcl",
];

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entries: u64,
    pub(crate) directories: Vec<(PathBuf, Owner)>,
    pub(crate) code: Vec<(PathBuf, Owner, &'static str)>,
    pub(crate) files: u64,
    pub(crate) unread: u64,
    pub(crate) set_ids: Vec<SetIdFile>,
    pub(crate) skipped: Vec<SkippedMount>,
    pub(crate) unlisted: Vec<String>,
    pub(crate) closed: Vec<String>,
    pub(crate) stopped: Option<Stopped>,
}

/// Mode and owner of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Owner {
    fn of(meta: &Metadata) -> Self {
        Self {
            mode: meta.mode() & 0o7777,
            uid: meta.uid(),
            gid: meta.gid(),
        }
    }
}

/// Walks from the root across mounts, but not into pseudo file systems and not through links.
pub(crate) fn walk(mounts: &[Mount], max_entries: u64, until_ns: u64) -> Found {
    let mut found = Found {
        entries: 0,
        directories: Vec::new(),
        code: Vec::new(),
        files: 0,
        unread: 0,
        set_ids: Vec::new(),
        skipped: Vec::new(),
        unlisted: Vec::new(),
        closed: Vec::new(),
        stopped: None,
    };
    let mut pending = vec![PathBuf::from("/")];
    while let Some(folder) = pending.pop() {
        let mount = mount_at(mounts, &folder);
        if let Some(mount) = mount.filter(|one| PSEUDO.contains(&one.fs_type.as_str())) {
            found.skipped.push(SkippedMount {
                point: mount.point.clone(),
                fs_type: mount.fs_type.clone(),
            });
            continue;
        }
        let Ok(meta) = std::fs::symlink_metadata(&folder) else {
            continue;
        };
        found.directories.push((folder.clone(), Owner::of(&meta)));
        let Ok(children) = std::fs::read_dir(&folder) else {
            let path = folder.to_string_lossy().into_owned();
            if files::may_search(&folder) {
                found.unlisted.push(path);
            } else {
                found.closed.push(path);
            }
            continue;
        };
        for child in children {
            let Ok(child) = child else {
                found.unlisted.push(folder.to_string_lossy().into_owned());
                break;
            };
            if found.entries >= max_entries {
                found.stopped = Some(Stopped::Entries);
                return found;
            }
            if found.entries.is_multiple_of(64) && clock::monotonic_ns() > until_ns {
                found.stopped = Some(Stopped::Deadline);
                return found;
            }
            found.entries += 1;
            note(&mut found, &mut pending, child.path(), mounts);
        }
    }
    found
}

fn note(found: &mut Found, pending: &mut Vec<PathBuf>, path: PathBuf, mounts: &[Mount]) {
    let Ok(meta) = std::fs::symlink_metadata(&path) else {
        // Removed since it was listed.
        return;
    };
    if meta.is_dir() {
        pending.push(path);
    } else if meta.is_file() {
        found.files += 1;
        if meta.mode() & 0o6000 != 0 {
            found.set_ids.push(set_id(&path, &meta, mounts));
        }
        let because = because(&path, &meta);
        found.unread += u64::from(because == Some("unread"));
        if let Some(because) = because {
            found.code.push((path, Owner::of(&meta), because));
        }
    }
}

fn set_id(path: &Path, meta: &Metadata, mounts: &[Mount]) -> SetIdFile {
    let owner = Owner::of(meta);
    SetIdFile {
        path: path.to_string_lossy().into_owned(),
        mode: owner.mode,
        uid: owner.uid,
        gid: owner.gid,
        mount_options: mount_of(mounts, path).map_or_else(Vec::new, |one| one.options.clone()),
    }
}

/// What makes a file code; nothing if it is none.
fn because(path: &Path, meta: &Metadata) -> Option<&'static str> {
    if meta.mode() & 0o111 != 0 {
        return Some("execute-bit");
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends = |endings: &[&str]| endings.iter().any(|end| name.ends_with(end));
    if ends(&[".so"]) || name.contains(".so.") {
        Some("library")
    } else if ends(&BYTECODE) {
        Some("bytecode")
    } else if ends(&SCRIPTS) {
        Some("script")
    } else {
        match head(path) {
            None => Some("unread"),
            Some([0x7f, b'E', b'L', b'F']) => Some("elf"),
            Some([b'#', b'!', ..]) => Some("script"),
            Some(_) => None,
        }
    }
}

/// The first four bytes, zeros where the file is shorter; nothing if it cannot be read.
fn head(path: &Path) -> Option<[u8; 4]> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags | libc::O_NOATIME);
    let opened = options
        .open(path)
        .or_else(|_| options.custom_flags(flags).open(path));
    let mut file: File = opened.ok()?;
    let mut head = [0; 4];
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..]).ok()? {
            0 => break,
            got => filled += got,
        }
    }
    Some(head)
}

/// The mount that stands exactly at a path: the last one hides those before it.
fn mount_at<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts
        .iter()
        .rev()
        .find(|one| Path::new(&one.point) == path)
}

/// The mount on which a path lies.
pub(crate) fn mount_of<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    path.ancestors().find_map(|part| mount_at(mounts, part))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::{because, mount_of};

    #[test]
    fn tells_code_from_data() {
        let folder = tempfile::tempdir().expect("a folder");
        let table: [(&str, &[u8], u32, Option<&str>); 9] = [
            ("tool", b"", 0o755, Some("execute-bit")),
            ("group", b"x", 0o610, Some("execute-bit")),
            ("libx.so.1", b"", 0o644, Some("library")),
            ("x.pyc", b"", 0o644, Some("bytecode")),
            ("x.py", b"", 0o644, Some("script")),
            ("data", b"\x7fELF and more", 0o644, Some("elf")),
            ("run", b"#!/bin/sh\n", 0o644, Some("script")),
            ("text", b"hello", 0o644, None),
            ("empty", b"", 0o644, None),
        ];
        for (name, content, mode, wanted) in table {
            let path = folder.path().join(name);
            std::fs::write(&path, content).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            let meta = std::fs::symlink_metadata(&path).expect("there");
            assert_eq!(because(&path, &meta), wanted, "{name}");
        }
    }

    #[test]
    fn the_last_and_nearest_mount_counts() {
        let text = "1 0 0:1 / / ro - overlay o ro\n2 1 0:2 / /tmp rw - ext4 a rw\n\
                    3 2 0:3 / /tmp rw,noexec - tmpfs b rw\n";
        let mounts = crate::facts::mounts(text).expect("mounts");
        let table = [
            ("/", "overlay"),
            ("/tmpx", "overlay"),
            ("/tmp", "tmpfs"),
            ("/tmp/a/b", "tmpfs"),
        ];
        for (path, wanted) in table {
            let got = mount_of(&mounts, Path::new(path)).expect("a mount");
            assert_eq!(got.fs_type, wanted, "{path}");
        }
    }
}
