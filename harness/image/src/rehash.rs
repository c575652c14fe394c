//! A folder on disk as a tree of digests: what shows that nothing touched it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use model::Hasher;
use rayon::prelude::*;
use rootfs::{Blob, Entry, Kind, Origin, Tree, TreePath, escape, unescape};
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, fgetxattr, flistxattr, fstat, major, minor, openat,
    readlinkat, statat,
};

use crate::ImageError;
use crate::beneath::{Beneath, os, told};

/// Reads `dir` as a tree: contents as sizes and digests, hard links by inode, nothing followed. A
/// socket, which a tree cannot hold, stands in it as a pipe. Labels that the host puts on every
/// file (`security.selinux`) and overlayfs's own marks are no part of it. On the threads of the
/// current rayon pool.
pub fn rehash(dir: &Path) -> Result<Tree, ImageError> {
    let below = Beneath::open(dir)?;
    let (root, found) = walk(&below)?;
    let first = first_names(&found);
    let entries: Vec<(TreePath, Entry)> = found
        .par_iter()
        .map(|(path, stat)| Ok((path.clone(), entry(&below, path, stat, &first)?)))
        .collect::<Result<_, ImageError>>()?;
    let mut tree = Tree::new();
    let mut top = attributes(Kind::Directory, &root);
    top.xattrs = xattrs(&below.folder(&TreePath::root())?, "/")?;
    tree.insert(TreePath::root(), top)?;
    // In order, so that a folder comes before what it holds and a file before its other names.
    for (path, entry) in entries {
        tree.insert(path, entry)?;
    }
    Ok(tree)
}

type Found = BTreeMap<TreePath, Stat>;

/// Everything below the root with its status, the root's own first.
fn walk(below: &Beneath) -> Result<(Stat, Found), ImageError> {
    let mut found = Found::new();
    let mut todo = vec![TreePath::root()];
    let mut root = None;
    while let Some(path) = todo.pop() {
        let told = || told(path.as_str());
        let folder = below.folder(&path)?;
        if path.is_root() {
            root = Some(fstat(&folder).map_err(told())?);
        }
        for item in Dir::read_from(&folder).map_err(told())? {
            let item = item.map_err(told())?;
            let name = item.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let child = path.join(&escape(name))?;
            let stat = statat(&folder, os(name), AtFlags::SYMLINK_NOFOLLOW).map_err(told())?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                todo.push(child.clone());
            }
            found.insert(child, stat);
        }
    }
    let absent = || ImageError::Absent {
        what: "the root folder".to_owned(),
    };
    Ok((root.ok_or_else(absent)?, found))
}

/// For each file with several names, its first one.
fn first_names(found: &Found) -> BTreeMap<(u64, u64), TreePath> {
    let mut first = BTreeMap::new();
    for (path, stat) in found {
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if is_file && stat.st_nlink > 1 {
            first.entry(inode(stat)).or_insert_with(|| path.clone());
        }
    }
    first
}

fn inode(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn entry(
    below: &Beneath,
    path: &TreePath,
    stat: &Stat,
    first: &BTreeMap<(u64, u64), TreePath>,
) -> Result<Entry, ImageError> {
    let told = || told(path.as_str());
    let name = unescape(path.name());
    let device = || (major(stat.st_rdev), minor(stat.st_rdev));
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            if let Some(to) = first.get(&inode(stat)).filter(|to| *to != path) {
                return Ok(attributes(Kind::Hardlink { to: to.clone() }, stat));
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = openat(below.parent(path)?, os(&name), flags, Mode::empty());
            let file = file.map_err(told())?;
            let blob = content(&file, path)?;
            let mut entry = attributes(Kind::File(blob), stat);
            entry.xattrs = xattrs(&file, path.as_str())?;
            Ok(entry)
        }
        FileType::Directory => {
            let mut entry = attributes(Kind::Directory, stat);
            entry.xattrs = xattrs(&below.folder(path)?, path.as_str())?;
            Ok(entry)
        }
        FileType::Symlink => {
            let target = readlinkat(below.parent(path)?, os(&name), Vec::new());
            let target = escape(target.map_err(told())?.to_bytes());
            let mut entry = attributes(Kind::Symlink { target }, stat);
            entry.mode = 0o777;
            Ok(entry)
        }
        FileType::CharacterDevice => {
            let (major, minor) = device();
            Ok(attributes(Kind::CharDevice { major, minor }, stat))
        }
        FileType::BlockDevice => {
            let (major, minor) = device();
            Ok(attributes(Kind::BlockDevice { major, minor }, stat))
        }
        FileType::Fifo | FileType::Socket | FileType::Unknown => Ok(attributes(Kind::Fifo, stat)),
    }
}

fn attributes(kind: Kind, stat: &Stat) -> Entry {
    let mode = stat.st_mode & 0o7777;
    let mut entry = Entry::new(kind, mode, Origin::Disk).with_ids(stat.st_uid, stat.st_gid);
    entry.mtime = Some(stat.st_mtime);
    entry
}

fn content(file: &OwnedFd, path: &TreePath) -> Result<Blob, ImageError> {
    let kind = fstat(file).map_err(told(path.as_str()))?.st_mode;
    if FileType::from_raw_mode(kind) != FileType::RegularFile {
        let source = std::io::Error::other("it changed while it was read");
        return Err(ImageError::io(format!("`{path}`"))(source));
    }
    let copy = file
        .try_clone()
        .map_err(ImageError::io(format!("`{path}`")))?;
    let mut reader = std::fs::File::from(copy);
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 17];
    let mut size = 0;
    loop {
        let read = reader.read(&mut buffer);
        let count = read.map_err(ImageError::io(format!("`{path}`")))?;
        if count == 0 {
            return Ok(Blob::recorded(size, hasher.finish()));
        }
        size += count as u64;
        hasher.update(&buffer[..count]);
    }
}

/// Room for a list of names, or for one value: more than Linux allows for either.
const XATTR_ROOM: usize = 1 << 16;

fn xattrs(file: &impl AsFd, path: &str) -> Result<BTreeMap<String, Vec<u8>>, ImageError> {
    let mut list = Vec::with_capacity(XATTR_ROOM);
    match flistxattr(file, rustix::buffer::spare_capacity(&mut list)) {
        Ok(_) => {}
        Err(rustix::io::Errno::NOTSUP) => return Ok(BTreeMap::new()),
        Err(errno) => return Err(told(path)(errno)),
    }
    let mut found = BTreeMap::new();
    for name in list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        if name == b"security.selinux" || name.starts_with(b"trusted.overlay.") {
            continue;
        }
        let mut value = Vec::with_capacity(XATTR_ROOM);
        match fgetxattr(file, os(name), rustix::buffer::spare_capacity(&mut value)) {
            Ok(_) => {
                value.shrink_to_fit();
                found.insert(escape(name), value);
            }
            Err(rustix::io::Errno::NODATA) => {}
            Err(errno) => return Err(told(path)(errno)),
        }
    }
    Ok(found)
}
