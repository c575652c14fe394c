//! A tree onto a disk: into an empty folder, beneath it, following nothing.

use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;

use fs_err as fs;
use rayon::prelude::*;
use rootfs::{Blob, Entry, Kind, Origin, Tree, TreePath, unescape};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags, chownat,
    fchmod, fchown, fsetxattr, futimens, linkat, makedev, mkdirat, mknodat, openat, symlinkat,
    utimensat,
};

use crate::ImageError;
use crate::beneath::{Beneath, Folder, os, told};

/// Who will own what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// The owners of the tree; needs the right to give files away. Devices are made.
    Keep,
    /// The caller, for runs without privileges. Devices and attributes of the kernel's name spaces
    /// (`security.*`, `trusted.*`) are left out, and that is noted.
    Own,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Regular files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What could not be written as the tree has it, sorted.
    pub notes: Vec<String>,
}

/// Entries of one folder that are written by one task.
const BATCH: usize = 64;

/// Writes `tree` into `dir`, which is made if absent and must be empty. Modes, links, attributes
/// and times are those of the tree; entries without a time get `mtime_s`. On the threads of the
/// current rayon pool.
pub fn unpack(
    tree: &Tree,
    dir: &Path,
    owners: Owners,
    mtime_s: u64,
) -> Result<Unpacked, ImageError> {
    fs::create_dir_all(dir).map_err(ImageError::io("the folder to unpack into"))?;
    let mut inside = fs::read_dir(dir).map_err(ImageError::io("the folder to unpack into"))?;
    if inside.next().is_some() {
        return Err(ImageError::Occupied(dir.display().to_string()));
    }
    let writer = Writer::of(dir, owners, mtime_s)?;
    writer.write(tree)
}

/// What a tree is written with.
pub(crate) struct Writer {
    pub(crate) below: Beneath,
    owners: Owners,
    mtime: i64,
    /// Whether entries of [`Origin::Disk`] lie there already and stay as they are.
    over: bool,
}

type Notes = Result<Vec<String>, ImageError>;

impl Writer {
    /// A writer into an empty folder.
    fn of(dir: &Path, owners: Owners, mtime_s: u64) -> Result<Self, ImageError> {
        Ok(Self {
            below: Beneath::open(dir)?,
            owners,
            mtime: i64::try_from(mtime_s).unwrap_or(i64::MAX),
            over: false,
        })
    }

    /// A writer into a folder that holds every entry of [`Origin::Disk`], and no other.
    pub(crate) fn over(dir: &Path, owners: Owners, mtime_s: u64) -> Result<Self, ImageError> {
        let over = true;
        Ok(Self {
            over,
            ..Self::of(dir, owners, mtime_s)?
        })
    }

    /// Writes all of `tree` that is not there yet.
    pub(crate) fn write(&self, tree: &Tree) -> Result<Unpacked, ImageError> {
        self.folders(tree)?;
        let mut notes = self.entries(tree)?;
        self.hard_links(tree)?;
        notes.extend(self.finish_folders(tree)?);
        notes.sort();
        let (mut files, mut bytes) = (0, 0);
        for (_, entry) in tree.iter().filter(|(_, entry)| !self.is_there(entry)) {
            if let Kind::File(blob) = &entry.kind {
                files += 1;
                bytes += blob.size();
            }
        }
        Ok(Unpacked {
            files,
            bytes,
            notes,
        })
    }

    fn is_there(&self, entry: &Entry) -> bool {
        self.over && entry.origin == Origin::Disk
    }

    /// Makes all folders, open to their maker only until they are finished.
    fn folders(&self, tree: &Tree) -> Result<(), ImageError> {
        let folders = tree.iter().filter(|(_, entry)| entry.is_directory());
        for (path, _) in folders.filter(|(_, entry)| !self.is_there(entry)) {
            let parent = self.below.parent(path)?;
            let name = unescape(path.name());
            match mkdirat(&parent, os(&name), Mode::RWXU) {
                // A folder that the tree gives new attributes.
                Err(rustix::io::Errno::EXIST) if self.over => {}
                made => made.map_err(told(path.as_str()))?,
            }
        }
        Ok(())
    }

    /// Writes everything but folders and hard links, folder by folder in batches.
    fn entries(&self, tree: &Tree) -> Notes {
        let mut batches: Vec<(TreePath, Vec<(&TreePath, &Entry)>)> = Vec::new();
        let mut open: std::collections::HashMap<TreePath, usize> = Default::default();
        for (path, entry) in tree.iter() {
            let later = matches!(entry.kind, Kind::Directory | Kind::Hardlink { .. });
            if later || self.is_there(entry) {
                continue;
            }
            let parent = path.parent().unwrap_or_else(TreePath::root);
            let known = open.get(&parent).copied();
            let number = known.filter(|number| batches[*number].1.len() < BATCH);
            let number = number.unwrap_or_else(|| {
                batches.push((parent.clone(), Vec::new()));
                open.insert(parent, batches.len() - 1);
                batches.len() - 1
            });
            batches[number].1.push((path, entry));
        }
        let notes: Vec<Vec<String>> = batches
            .par_iter()
            .map(|(parent, batch)| {
                let folder = self.below.folder(parent)?;
                let mut notes = Vec::new();
                for (path, entry) in batch {
                    notes.extend(self.entry(&folder, path, entry)?);
                }
                Ok(notes)
            })
            .collect::<Result<_, ImageError>>()?;
        Ok(notes.concat())
    }

    fn entry(&self, folder: &Folder<'_>, path: &TreePath, entry: &Entry) -> Notes {
        let name = unescape(path.name());
        let name = os(&name);
        let told = || told(path.as_str());
        match &entry.kind {
            Kind::File(blob) => {
                let file = self.content(folder, path, blob)?;
                self.attributes(&file, path, entry)
            }
            Kind::Symlink { target } => {
                symlinkat(os(&unescape(target)), folder, name).map_err(told())?;
                self.node(folder, path, entry)
            }
            Kind::Fifo => {
                let mode = Mode::from_raw_mode(entry.mode);
                mknodat(folder, name, FileType::Fifo, mode, 0).map_err(told())?;
                self.node(folder, path, entry)
            }
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                let skipped = |why: &str| Ok(vec![format!("device `{path}` left out: {why}")]);
                if self.owners == Owners::Own {
                    return skipped("unprivileged");
                }
                let kind = match entry.kind {
                    Kind::CharDevice { .. } => FileType::CharacterDevice,
                    _ => FileType::BlockDevice,
                };
                let mode = Mode::from_raw_mode(entry.mode);
                match mknodat(folder, name, kind, mode, makedev(*major, *minor)) {
                    Ok(()) => self.node(folder, path, entry),
                    Err(rustix::io::Errno::PERM) => skipped("not permitted"),
                    Err(errno) => Err(told()(errno)),
                }
            }
            Kind::Directory | Kind::Hardlink { .. } => Ok(Vec::new()),
        }
    }

    fn content(
        &self,
        folder: &Folder<'_>,
        path: &TreePath,
        blob: &Blob,
    ) -> Result<OwnedFd, ImageError> {
        let name = unescape(path.name());
        if let Some(file) = blob.on_disk().and_then(|spooled| spooled.claim())
            && named(file, folder, &name)
        {
            return Ok(file
                .try_clone()
                .map_err(ImageError::io(format!("`{path}`")))?
                .into());
        }
        if !blob.is_at_hand() {
            return Err(ImageError::NoContent(path.clone()));
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, os(&name), flags, Mode::RUSR | Mode::WUSR);
        let mut file = std::fs::File::from(file.map_err(told(path.as_str()))?);
        let written = blob.copy_to(&mut file);
        written.map_err(ImageError::io(format!("`{path}`")))?;
        Ok(file.into())
    }

    /// Owner, mode, attributes and time of an open file or folder.
    fn attributes(&self, file: &impl AsFd, path: &TreePath, entry: &Entry) -> Notes {
        let told = || told(path.as_str());
        if self.owners == Owners::Keep {
            // Giving a file away clears its setuid bit, so the owner comes first.
            fchown(
                file,
                Some(Uid::from_raw(entry.uid)),
                Some(Gid::from_raw(entry.gid)),
            )
            .map_err(told())?;
        }
        let mut notes = Vec::new();
        for (name, value) in &entry.xattrs {
            let is_kernel = name.starts_with("security.") || name.starts_with("trusted.");
            let left_out = |why: &str| format!("attribute `{name}` of `{path}` left out: {why}");
            if is_kernel && self.owners == Owners::Own {
                notes.push(left_out("unprivileged"));
                continue;
            }
            let name = unescape(name);
            match fsetxattr(file, os(&name), value, XattrFlags::empty()) {
                Ok(()) => {}
                Err(errno @ (rustix::io::Errno::NOTSUP | rustix::io::Errno::PERM)) => {
                    notes.push(left_out(&std::io::Error::from(errno).to_string()));
                }
                Err(errno) => return Err(told()(errno)),
            }
        }
        fchmod(file, Mode::from_raw_mode(entry.mode)).map_err(told())?;
        futimens(file, &self.times(entry)).map_err(told())?;
        Ok(notes)
    }

    /// Owner, mode and time of what cannot be opened.
    fn node(&self, folder: &Folder<'_>, path: &TreePath, entry: &Entry) -> Notes {
        let told = || told(path.as_str());
        let name = unescape(path.name());
        let name = os(&name);
        if self.owners == Owners::Keep {
            let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            chownat(folder, name, Some(uid), Some(gid), flags).map_err(told())?;
        }
        let is_link = matches!(entry.kind, Kind::Symlink { .. });
        if !is_link {
            // Just made in a folder that only we can enter, so this is no link.
            let mode = Mode::from_raw_mode(entry.mode);
            rustix::fs::chmodat(folder, name, mode, AtFlags::empty()).map_err(told())?;
        }
        let times = self.times(entry);
        utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(told())?;
        let note = |name: &String| {
            format!("attribute `{name}` of `{path}` left out: {}", {
                entry.kind.word()
            })
        };
        Ok(entry.xattrs.keys().map(note).collect())
    }

    fn hard_links(&self, tree: &Tree) -> Result<(), ImageError> {
        for (path, entry) in tree.iter() {
            let Kind::Hardlink { to } = &entry.kind else {
                continue;
            };
            if self.is_there(entry) {
                continue;
            }
            let (old, new) = (self.below.parent(to)?, self.below.parent(path)?);
            let (from, name) = (unescape(to.name()), unescape(path.name()));
            linkat(&old, os(&from), &new, os(&name), AtFlags::empty())
                .map_err(told(path.as_str()))?;
        }
        Ok(())
    }

    /// Gives folders their attributes, deepest first: a folder may end up closed to us.
    fn finish_folders(&self, tree: &Tree) -> Notes {
        let mut notes = Vec::new();
        let folders = tree.iter().rev().filter(|(_, entry)| entry.is_directory());
        for (path, entry) in folders.filter(|(_, entry)| !self.is_there(entry)) {
            let folder = self.below.folder(path)?;
            notes.extend(self.attributes(&folder, path, entry)?);
        }
        if !self.over {
            let root = TreePath::root();
            let folder = self.below.folder(&root)?;
            notes.extend(self.attributes(&folder, &root, tree.root())?);
        }
        Ok(notes)
    }

    fn times(&self, entry: &Entry) -> Timestamps {
        let time = Timespec {
            tv_sec: entry.mtime.unwrap_or(self.mtime),
            tv_nsec: 0,
        };
        Timestamps {
            last_access: time,
            last_modification: time,
        }
    }
}

/// Gives a file without a name the name `name`, if it lies on the same file system; else its content
/// is copied.
fn named(file: &std::fs::File, folder: &Folder<'_>, name: &[u8]) -> bool {
    let by_number = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, by_number, folder, os(name), AtFlags::SYMLINK_FOLLOW).is_ok()
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
