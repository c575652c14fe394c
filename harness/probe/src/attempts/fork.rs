//! Trying something in a forked child that may never come back as what it was.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;

use probe::Refusal;

use crate::sys::child::{self, End};
use crate::sys::files::{self, Event};
use crate::sys::seccomp::Filters;
use crate::sys::{clock, errno_name, parent};

/// Longest wait for one child.
const CHILD_NS: u64 = 3_000_000_000;
/// Processor seconds of whatever is executed before it is killed.
const CPU_SECONDS: u64 = 2;

/// What became of the child.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It became another program (and was killed).
    Replaced,
    /// Its work succeeded.
    Done,
    /// Its work was refused.
    Refused(Refusal),
    /// It could not be made ready, did not answer, or the filter killed it.
    Untried(Refusal),
}

/// What children share.
pub(crate) struct Nursery<'a> {
    /// The target's system call filters.
    pub(crate) filters: &'a Filters,
    /// Their standard streams.
    pub(crate) null: &'a File,
}

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const UNTRIED: u8 = 2;

impl Nursery<'_> {
    /// Runs `work` in a child under the target's filters. A descriptor closed by exec shows that
    /// `work` became another program: then the child is killed at once.
    pub(crate) fn attempt(&self, work: impl FnOnce() -> io::Result<()>) -> Told {
        self.try_attempt(work)
            .unwrap_or_else(|error| Told::Untried(refusal(&error)))
    }

    fn try_attempt(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<Told> {
        let (mut reader, mut writer) = files::pipe()?;
        let child = child::fork(|| {
            let (tag, result) = match self.settle(self.null) {
                Ok(()) => (REFUSED, work()),
                Err(error) => (UNTRIED, Err(error)),
            };
            let (tag, errno) = match result {
                Ok(()) => (DONE, 0),
                Err(error) => (tag, error.raw_os_error().unwrap_or(libc::EIO)),
            };
            let mut message = [tag; 5];
            message[1..].copy_from_slice(&errno.to_ne_bytes());
            i32::from(writer.write_all(&message).is_err())
        })?;
        drop(writer);
        let until_ns = clock::monotonic_ns().saturating_add(CHILD_NS);
        let watched = [(reader.as_fd(), Event::Readable)];
        if files::wait(&watched, Some(until_ns))?.is_none() {
            return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
        }
        let mut message = Vec::new();
        reader.read_to_end(&mut message)?;
        if message.is_empty() {
            child.kill();
        }
        let end = child.wait()?;
        Ok(match message.as_slice() {
            // Killed by the filter before or after exec: not known which.
            [] if end == End::Signal(libc::SIGSYS) => Told::Untried(named(libc::ENOSYS)),
            [] => Told::Replaced,
            [tag, errno @ ..] => {
                let errno = errno.try_into().map_or(libc::EIO, i32::from_ne_bytes);
                match *tag {
                    DONE => Told::Done,
                    REFUSED => Told::Refused(named(errno)),
                    _ => Told::Untried(named(errno)),
                }
            }
        })
    }

    /// Runs a program to its end; its exit status, nothing when it was killed or took too long.
    pub(crate) fn run(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<Option<i32>> {
        let (mut reader, writer) = files::pipe()?;
        let child = child::fork(|| {
            let settled = self.settle(&writer);
            i32::from(settled.and_then(|()| work()).is_err()) * 126
        })?;
        drop(writer);
        let until_ns = clock::monotonic_ns().saturating_add(CHILD_NS);
        let mut chunk = [0; 4096];
        // Its standard output closes when it ends.
        while files::wait(&[(reader.as_fd(), Event::Readable)], Some(until_ns))?.is_some() {
            if reader.read(&mut chunk)? == 0 {
                return Ok(match child.wait()? {
                    End::Status(status) => Some(status),
                    End::Signal(_) => None,
                });
            }
        }
        Ok(None)
    }

    /// In the child: its own session, bounded, streams away from ours, the filters last.
    fn settle(&self, output: &File) -> io::Result<()> {
        child::new_session()?;
        parent::be_killed_with_parent()?;
        child::bound_resources(CPU_SECONDS)?;
        for (file, stream) in [(self.null, 0), (output, 1), (output, 2)] {
            files::duplicate_onto(file, stream)?;
        }
        self.filters.install()
    }
}

/// The error as it stands in a document.
pub(crate) fn refusal(error: &io::Error) -> Refusal {
    named(error.raw_os_error().unwrap_or(libc::EIO))
}

fn named(errno: i32) -> Refusal {
    Refusal {
        errno,
        name: errno_name(errno),
    }
}
