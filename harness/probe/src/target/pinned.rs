//! A task held by an open `/proc/PID`, so that a reused pid is never mistaken for it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;

use probe::{Failure, FailureKind};

use crate::sys::files;

/// Longest text read of any one file below `/proc/PID`.
const TEXT_MAX: u64 = 64 << 20;

/// An open `/proc/PID`. Reads fail with `ESRCH` once the task is gone, whoever has its pid then.
#[derive(Debug)]
pub(crate) struct Pinned {
    pid: u32,
    folder: File,
}

impl Pinned {
    /// Opens the folder.
    pub(crate) fn open(pid: u32) -> io::Result<Self> {
        let folder = File::open(format!("/proc/{pid}"))?;
        Ok(Self { pid, folder })
    }

    /// Opens our own folder.
    pub(crate) fn own() -> io::Result<Self> {
        Ok(Self {
            pid: std::process::id(),
            folder: File::open("/proc/self")?,
        })
    }

    /// Opens the folder of the examined container, which must run.
    pub(crate) fn target(pid: u32) -> Result<Self, Failure> {
        let pinned = Self::open(pid).map_err(|error| failure("open", pid, &error))?;
        pinned.assert_alive()?;
        Ok(pinned)
    }

    /// The pid that it had when it was opened.
    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Opens something in the folder for reading, wherever the root is by now.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        files::open_at(&self.folder, name, libc::O_RDONLY)
    }

    /// A mere handle to the task's root directory.
    pub(crate) fn root(&self) -> io::Result<File> {
        files::open_at(&self.folder, "root", libc::O_PATH | libc::O_DIRECTORY)
    }

    /// A file's content.
    pub(crate) fn bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(name)?.take(TEXT_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A file's content as text, with replacement characters.
    pub(crate) fn text(&self, name: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(name)?).into_owned())
    }

    /// The target of a link.
    pub(crate) fn link(&self, name: &str) -> io::Result<OsString> {
        files::read_link_at(&self.folder, name)
    }

    /// The inode of a namespace: `net`, `user`, ...
    pub(crate) fn namespace(&self, name: &str) -> io::Result<u64> {
        Ok(self.file(&format!("ns/{name}"))?.metadata()?.ino())
    }

    /// An error unless the task runs (or sleeps); a zombie does not.
    pub(crate) fn assert_alive(&self) -> Result<(), Failure> {
        let stat = self
            .text("stat")
            .map_err(|error| failure("read the state of", self.pid, &error))?;
        // The name in parentheses may hold anything; the state follows the last one.
        let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if state.starts_with(['Z', 'X']) || state.is_empty() {
            return Err(Failure::new(
                FailureKind::TargetGone,
                format!("pid {} has ended", self.pid),
            ));
        }
        Ok(())
    }
}

/// A failure about a task, its kind told by the system's error.
pub(crate) fn failure(doing: &str, pid: u32, error: &io::Error) -> Failure {
    let errno = error.raw_os_error();
    let kind = match errno {
        Some(libc::ESRCH | libc::ENOENT) => FailureKind::TargetGone,
        Some(libc::EACCES | libc::EPERM) => FailureKind::Denied,
        _ => FailureKind::System,
    };
    Failure {
        kind,
        what: format!("cannot {doing} pid {pid}: {error}"),
        errno,
    }
}
