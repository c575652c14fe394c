//! `probe hash`: every path of a container's root mount with its digest, for the drift check.
//!
//! Files are opened for reading only, without touching their access times where allowed. Mounts
//! below the root are named and not entered: what they hold is no part of the image.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use probe::{EntryKind, Failure, FailureKind, Tree, TreeEntry};
use sha2::{Digest as _, Sha256};

use crate::sys::clock;
use crate::sys::identity;
use crate::target::{Doors, Pinned, Sight, failure};

/// Most entries; an image has some ten thousand.
const ENTRIES_MAX: usize = 2_000_000;

/// Lists the root mount of the container of `pid`.
pub(crate) fn hash(pid: u32, deadline_ms: u64) -> Result<Tree, Failure> {
    let until_ns = clock::monotonic_ns().saturating_add(deadline_ms.saturating_mul(1_000_000));
    let target = Pinned::target(pid)?;
    let points = mount_points(&target)?;
    let doors = Doors::open(&target, Sight::Files)?;
    identity::hide().map_err(|error| failure("hide from", pid, &error))?;
    doors.enter()?;
    let mut walk = Walk {
        points,
        until_ns,
        buffer: vec![0; 128 << 10],
        tree: Tree {
            entries: Vec::new(),
            mounts_not_entered: Vec::new(),
            files: 0,
            bytes: 0,
        },
    };
    walk.all()?;
    target.assert_alive()?;
    let mut tree = walk.tree;
    tree.mounts_not_entered = walk.points.iter().map(|point| lossy(point)).collect();
    Ok(tree)
}

/// Mount points other than the root, as the target sees them.
fn mount_points(target: &Pinned) -> Result<BTreeSet<PathBuf>, Failure> {
    let text = target
        .text("mountinfo")
        .map_err(|error| failure("read the mounts of", target.pid(), &error))?;
    let mounts = crate::facts::mounts(&text)
        .map_err(|why| Failure::new(FailureKind::System, format!("cannot read mounts: {why}")))?;
    let points = mounts.into_iter().map(|mount| PathBuf::from(mount.point));
    Ok(points.filter(|point| point != Path::new("/")).collect())
}

struct Walk {
    points: BTreeSet<PathBuf>,
    until_ns: u64,
    buffer: Vec<u8>,
    tree: Tree,
}

impl Walk {
    fn all(&mut self) -> Result<(), Failure> {
        let mut entries = Vec::new();
        let mut pending = vec![PathBuf::from("/")];
        while let Some(path) = pending.pop() {
            self.assert_bounds(entries.len())?;
            let Ok(meta) = std::fs::symlink_metadata(&path) else {
                // Removed since it was listed.
                continue;
            };
            let mut entry = entry(&path, &meta);
            let result = match entry.kind {
                EntryKind::Directory => children(&path).map(|found| {
                    pending.extend(found.into_iter().filter(|one| !self.points.contains(one)));
                }),
                EntryKind::File => self.digest(&path).map(|digest| entry.sha256 = Some(digest)),
                EntryKind::Symlink => {
                    std::fs::read_link(&path).map(|target| entry.target = Some(lossy(&target)))
                }
                _ => Ok(()),
            };
            entry.unreadable = result
                .err()
                .map(|error| error.raw_os_error().unwrap_or(libc::EIO));
            entries.push((path.into_os_string().into_vec(), entry));
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        self.tree.entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(())
    }

    fn assert_bounds(&self, entries: usize) -> Result<(), Failure> {
        let what = if entries >= ENTRIES_MAX {
            format!("the root has more than {ENTRIES_MAX} entries")
        } else if clock::monotonic_ns() > self.until_ns {
            format!("the deadline passed after {entries} entries")
        } else {
            return Ok(());
        };
        Err(Failure::new(FailureKind::Limit, what))
    }

    fn digest(&mut self, path: &Path) -> io::Result<String> {
        let mut file = open_quietly(path)?;
        let mut hasher = Sha256::new();
        loop {
            if clock::monotonic_ns() > self.until_ns {
                return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
            }
            match file.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(got) => {
                    hasher.update(&self.buffer[..got]);
                    self.tree.bytes += got as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.tree.files += 1;
        Ok(hex(&hasher.finalize()))
    }
}

/// Opens a regular file; never waits on a pipe that took its place, never follows a link.
fn open_quietly(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags | libc::O_NOATIME);
    match options.open(path) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            options.custom_flags(flags).open(path)
        }
        other => other,
    }
}

fn children(path: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}

fn entry(path: &Path, meta: &Metadata) -> TreeEntry {
    let kind = kind(meta);
    let exact = path.to_str().is_some();
    let device = matches!(kind, EntryKind::Character | EntryKind::Block);
    TreeEntry {
        path: lossy(path),
        path_hex: (!exact).then(|| hex(path.as_os_str().as_bytes())),
        kind,
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        size: if kind == EntryKind::File {
            meta.size()
        } else {
            0
        },
        sha256: None,
        target: None,
        device: device.then(|| {
            let device = meta.rdev();
            format!("{}:{}", libc::major(device), libc::minor(device))
        }),
        unreadable: None,
    }
}

fn kind(meta: &Metadata) -> EntryKind {
    let kind = meta.file_type();
    if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_symlink() {
        EntryKind::Symlink
    } else if kind.is_char_device() {
        EntryKind::Character
    } else if kind.is_block_device() {
        EntryKind::Block
    } else if kind.is_fifo() {
        EntryKind::Fifo
    } else if kind.is_socket() {
        EntryKind::Socket
    } else {
        EntryKind::File
    }
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
