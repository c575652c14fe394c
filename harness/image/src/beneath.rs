//! Opening paths of a tree below a folder, one part at a time, never through a link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rootfs::{TreePath, unescape};
use rustix::fs::{Mode, OFlags, openat};

use crate::ImageError;

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// A folder on disk that stands for the root of a tree.
pub(crate) struct Beneath {
    root: OwnedFd,
}

/// Either the root's own descriptor or one that was opened for a path.
pub(crate) enum Folder<'a> {
    Root(BorrowedFd<'a>),
    Opened(OwnedFd),
}

impl AsFd for Folder<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(fd) => fd.as_fd(),
            Self::Opened(fd) => fd.as_fd(),
        }
    }
}

impl Beneath {
    /// Opens `dir`, which may itself be reached through links: it is the caller's.
    pub(crate) fn open(dir: &Path) -> Result<Self, ImageError> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let root = rustix::fs::open(dir, flags, Mode::empty());
        let root = root.map_err(told(&format!("folder `{}`", dir.display())))?;
        Ok(Self { root })
    }

    /// The folder at `path`. Every part must be a folder, none a link.
    pub(crate) fn folder(&self, path: &TreePath) -> Result<Folder<'_>, ImageError> {
        let mut at = Folder::Root(self.root.as_fd());
        for part in path.parts() {
            let next = openat(&at, os(&unescape(part)), FOLDER, Mode::empty());
            at = Folder::Opened(next.map_err(told(path.as_str()))?);
        }
        Ok(at)
    }

    /// The folder that holds `path`.
    pub(crate) fn parent(&self, path: &TreePath) -> Result<Folder<'_>, ImageError> {
        self.folder(&path.parent().unwrap_or_else(TreePath::root))
    }
}

/// Bytes as a name for the kernel.
pub(crate) fn os(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Names what failed.
pub(crate) fn told(what: &str) -> impl FnOnce(rustix::io::Errno) -> ImageError {
    let told = ImageError::io(format!("`{what}`"));
    move |errno| told(errno.into())
}
