//! `probe stamp [--] ARGV...`: one line about the clocks, then the untouched entrypoint.
//!
//! Nothing is allocated, no signal, file or variable is changed: the entrypoint starts as if the
//! runtime had started it, with the same pid.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::fmt::{self, Write as _};

use crate::sys::clock;

/// Where programs are looked for when PATH is unset, as the C library does.
const DEFAULT_PATH: &CStr = c"/bin:/usr/bin";
/// Longest path tried, the kernel's own limit.
const PATH_MAX: usize = 4096;

/// Stamps and execs; returns the exit status only if the exec failed: 2 for a wrong call, 127
/// when the program is not found, 126 when it cannot be executed.
///
/// # Safety
/// `argv` points to C strings followed by a null pointer, all alive until the exec.
pub(crate) unsafe fn run(argv: *const *const c_char) -> c_int {
    let line = stamp_line();
    let mut argv = argv;
    // SAFETY: the caller vouches for the vector; it is read up to its closing null only.
    let program = unsafe {
        if !(*argv).is_null() && CStr::from_ptr(*argv) == c"--" {
            argv = argv.add(1);
        }
        if (*argv).is_null() {
            complain(format_args!("probe stamp: no program given"));
            return 2;
        }
        CStr::from_ptr(*argv)
    };
    if !write_once(1, line.bytes()) {
        complain(format_args!("probe stamp: the stamp could not be written"));
    }
    // SAFETY: as above.
    let errno = unsafe { exec(program, argv) };
    complain(format_args!(
        "probe stamp: cannot execute `{}`: {} (errno {errno})",
        Lossy(program),
        meaning(errno)
    ));
    if errno == libc::ENOENT { 127 } else { 126 }
}

/// In a forked child: becomes the program that `argv`, closed by a null, names; the exit status if
/// that fails.
pub(crate) fn become_program(argv: &[*const c_char]) -> c_int {
    // SAFETY: the callers close the vector, and its strings outlive the child.
    unsafe {
        let errno = exec(CStr::from_ptr(argv[0]), argv.as_ptr());
        if errno == libc::ENOENT { 127 } else { 126 }
    }
}

fn stamp_line() -> Line<192> {
    let monotonic = clock::monotonic_ns();
    let realtime = clock::realtime_ns();
    let boottime = clock::boottime_ns();
    let mut line = Line::new();
    // Cannot overflow: four numbers of at most 20 digits and 75 fixed bytes.
    let _ = writeln!(
        line,
        "certify-stamp {{\"monotonic_ns\":{monotonic},\"realtime_ns\":{realtime},\
         \"boottime_ns\":{boottime},\"pid\":{}}}",
        std::process::id()
    );
    line
}

/// Tries `program` as it is when it has a slash, else in each folder of PATH; returns the error.
/// Unlike the C library's `execvp` it never hands a file that the kernel refuses to a shell.
unsafe fn exec(program: &CStr, argv: *const *const c_char) -> c_int {
    let name = program.to_bytes();
    if name.is_empty() {
        return libc::ENOENT;
    }
    if name.contains(&b'/') {
        // SAFETY: both are C strings and a closed vector, by the caller's contract.
        return unsafe { execv(program.as_ptr(), argv) };
    }
    // SAFETY: getenv returns null or a C string of the environment, which nothing changes here.
    let path = unsafe {
        let value = libc::getenv(c"PATH".as_ptr());
        if value.is_null() {
            DEFAULT_PATH
        } else {
            CStr::from_ptr(value)
        }
    };
    let mut verdict = libc::ENOENT;
    for folder in path.to_bytes().split(|byte| *byte == b':') {
        let mut candidate = Line::<PATH_MAX>::new();
        if !folder.is_empty() {
            candidate.push(folder);
            candidate.push(b"/");
        }
        candidate.push(name);
        candidate.push(b"\0");
        if candidate.overflowed {
            continue;
        }
        // SAFETY: the candidate ends with its only null byte.
        match unsafe { execv(candidate.bytes().as_ptr().cast(), argv) } {
            libc::ENOENT | libc::ENOTDIR => {}
            errno => verdict = errno,
        }
        if !matches!(verdict, libc::ENOENT | libc::EACCES) {
            break;
        }
    }
    verdict
}

unsafe fn execv(path: *const c_char, argv: *const *const c_char) -> c_int {
    // SAFETY: the caller passes a C string and a closed vector; on success nothing returns.
    unsafe {
        libc::execv(path, argv);
        *libc::__errno_location()
    }
}

/// Writes with one call, again only when a signal came before the first byte.
fn write_once(fd: c_int, bytes: &[u8]) -> bool {
    loop {
        // SAFETY: the buffer is valid for its length.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        // SAFETY: reads this thread's errno.
        if written < 0 && unsafe { *libc::__errno_location() } == libc::EINTR {
            continue;
        }
        return usize::try_from(written) == Ok(bytes.len());
    }
}

fn complain(message: fmt::Arguments<'_>) {
    let mut line = Line::<512>::new();
    let _ = line.write_fmt(message);
    line.overflowed = false;
    let last = line.length.min(line.store.len() - 1);
    line.store[last] = b'\n';
    line.length = last + 1;
    write_once(2, line.bytes());
}

fn meaning(errno: c_int) -> &'static str {
    match errno {
        libc::ENOENT => "no such file, or its interpreter is missing",
        libc::EACCES => "permission denied",
        libc::ENOEXEC => "not a program of this machine",
        libc::ENOTDIR => "a part of the path is no directory",
        libc::ETXTBSY => "it is being written to",
        libc::E2BIG => "arguments and environment are too long",
        _ => "refused by the system",
    }
}

/// A buffer on the stack.
struct Line<const N: usize> {
    store: [u8; N],
    length: usize,
    overflowed: bool,
}

impl<const N: usize> Line<N> {
    const fn new() -> Self {
        Self {
            store: [0; N],
            length: 0,
            overflowed: false,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = N - self.length;
        let taken = bytes.len().min(room);
        self.overflowed |= taken < bytes.len();
        self.store[self.length..self.length + taken].copy_from_slice(&bytes[..taken]);
        self.length += taken;
    }

    fn bytes(&self) -> &[u8] {
        &self.store[..self.length]
    }
}

impl<const N: usize> fmt::Write for Line<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// A C string for people, without allocation.
struct Lossy<'a>(&'a CStr);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.to_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}
