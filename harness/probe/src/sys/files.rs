//! Files: waiting on several, access checks, memory files.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use super::{checked, clock, retried};

/// What a wait looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Something to read, or the end.
    Readable,
    /// Room to write, or a connection that stands or failed.
    Writable,
}

/// Waits until the first of `watched` has its event or the instant passes; tells which is first
/// in order, if any. Errors and hang-ups count as the event.
pub(crate) fn wait(
    watched: &[(BorrowedFd<'_>, Event)],
    until_monotonic_ns: Option<u64>,
) -> io::Result<Option<usize>> {
    let mut polled = watched
        .iter()
        .map(|(fd, event)| libc::pollfd {
            fd: fd.as_raw_fd(),
            events: match event {
                Event::Readable => libc::POLLIN,
                Event::Writable => libc::POLLOUT,
            },
            revents: 0,
        })
        .collect::<Vec<_>>();
    let count = libc::nfds_t::try_from(polled.len()).unwrap_or(0);
    loop {
        let left = until_monotonic_ns.map(|until| until.saturating_sub(clock::monotonic_ns()));
        let left = left.map(|nanos| libc::timespec {
            tv_sec: libc::time_t::try_from(nanos / 1_000_000_000).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::try_from(nanos % 1_000_000_000).unwrap_or(0),
        });
        let timeout = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: the array has `count` entries, the timeout is null or points to `left`.
        let ready = unsafe { libc::ppoll(polled.as_mut_ptr(), count, timeout, std::ptr::null()) };
        match checked(ready) {
            Ok(_) => return Ok(polled.iter().position(|one| one.revents != 0)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A pipe, both ends closed on exec: (to read, to write).
pub(crate) fn pipe() -> io::Result<(File, File)> {
    let mut ends = [-1; 2];
    // SAFETY: the array has room for two descriptors.
    checked(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: both were just made and belong to nobody else.
    Ok(unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) })
}

/// Makes a named pipe that everybody may use.
pub(crate) fn make_pipe(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: a C string and numbers; the mask is this process's own and is put back.
    unsafe {
        let mask = libc::umask(0);
        let made = checked(libc::mkfifo(path.as_ptr(), 0o666));
        libc::umask(mask);
        made.map(drop)
    }
}

/// Whether the real user may write to the path, by the kernel's own check; the error is why not.
pub(crate) fn may_write(path: &CStr) -> io::Result<()> {
    // SAFETY: the path is a C string.
    checked(unsafe { libc::access(path.as_ptr(), libc::W_OK) }).map(drop)
}

/// Whether the real user may go through a directory, by the kernel's own check.
pub(crate) fn may_search(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: the path is a C string.
    unsafe { libc::access(path.as_ptr(), libc::X_OK) == 0 }
}

/// A file in memory, closed on exec.
pub(crate) fn memory_file(name: &CStr) -> io::Result<File> {
    // SAFETY: the name is a C string.
    let fd = checked(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })?;
    // SAFETY: it was just made and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Makes `to` a copy of `from`, without close-on-exec.
pub(crate) fn duplicate_onto(from: &File, to: libc::c_int) -> io::Result<()> {
    // SAFETY: numbers only; `to` is one of the three standard streams of a forked child.
    retried(|| unsafe { libc::dup2(from.as_raw_fd(), to) }).map(drop)
}

/// Standard input, borrowed for the whole run.
pub(crate) const fn stdin() -> BorrowedFd<'static> {
    // SAFETY: descriptor 0 is never closed by this program.
    unsafe { BorrowedFd::borrow_raw(0) }
}

/// Reads once from standard input; 0 at its end.
pub(crate) fn read_stdin(buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: the buffer is valid for its length.
        let got = unsafe { libc::read(0, buffer.as_mut_ptr().cast(), buffer.len()) };
        if let Ok(got) = usize::try_from(got) {
            return Ok(got);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Opens `name` below an open directory, closed on exec. Needs no path to the directory.
pub(crate) fn open_at(folder: &File, name: &str, flags: libc::c_int) -> io::Result<File> {
    let name = CString::new(name)?;
    let (folder, flags) = (folder.as_raw_fd(), flags | libc::O_CLOEXEC);
    // SAFETY: an open descriptor and a C string; no file is made, so no mode is read.
    let fd = retried(|| unsafe { libc::openat(folder, name.as_ptr(), flags) })?;
    // SAFETY: it was just opened and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// The target of the link `name` below an open directory.
pub(crate) fn read_link_at(folder: &File, name: &str) -> io::Result<OsString> {
    let name = CString::new(name)?;
    let mut buffer = vec![0; 4096];
    // SAFETY: an open descriptor, a C string and a buffer valid for its length.
    let got = unsafe {
        libc::readlinkat(
            folder.as_raw_fd(),
            name.as_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
        )
    };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    buffer.truncate(got);
    Ok(OsString::from_vec(buffer))
}
