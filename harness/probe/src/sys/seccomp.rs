//! Copying another program's system call filters onto a child of our own.
#![allow(unsafe_code)]

use std::io;

use super::{checked, clock, retried};

/// Filters of a program, in the order in which they were installed.
#[derive(Debug, Clone)]
pub(crate) struct Filters(Vec<Vec<libc::sock_filter>>);

const PTRACE_SECCOMP_GET_FILTER: libc::c_uint = 0x420c;
/// The kernel's own bound on instructions of one filter.
const INSTRUCTIONS_MAX: usize = 4096;
/// Longest wait for the target to stop.
const STOP_NS: u64 = 1_000_000_000;
/// More stacked filters than any runtime installs.
const FILTERS_MAX: usize = 64;

/// Reads the filters of `pid`, which is stopped for some microseconds. The kernel allows that to
/// `CAP_SYS_ADMIN` of the first user namespace only.
pub(crate) fn read(pid: u32) -> io::Result<Filters> {
    let pid = libc::pid_t::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: seizing takes numbers only and does not stop the target.
    checked_long(unsafe { libc::ptrace(libc::PTRACE_SEIZE as _, pid, 0_usize, 0_usize) })?;
    let filters = stopped(pid).and_then(|()| read_stopped(pid));
    // SAFETY: lets the target go on; if it is gone, so is the tie to it.
    unsafe { libc::ptrace(libc::PTRACE_DETACH as _, pid, 0_usize, 0_usize) };
    filters
}

fn stopped(pid: libc::pid_t) -> io::Result<()> {
    // SAFETY: the target is seized by this thread.
    checked_long(unsafe { libc::ptrace(libc::PTRACE_INTERRUPT as _, pid, 0_usize, 0_usize) })?;
    // A task that waits for a device cannot be stopped: it is not waited for without end.
    let until_ns = clock::monotonic_ns().saturating_add(STOP_NS);
    loop {
        let mut status = 0;
        // SAFETY: `status` is valid for writing.
        let flags = libc::__WALL | libc::WNOHANG;
        let got = retried(|| unsafe { libc::waitpid(pid, &raw mut status, flags) })?;
        if got == pid && libc::WIFSTOPPED(status) {
            return Ok(());
        }
        if got == pid {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        if clock::monotonic_ns() > until_ns {
            return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
        }
        clock::sleep_until(clock::monotonic_ns().saturating_add(50_000));
    }
}

fn read_stopped(pid: libc::pid_t) -> io::Result<Filters> {
    let mut newest_first = Vec::new();
    for index in 0..FILTERS_MAX {
        let mut program = vec![
            libc::sock_filter {
                code: 0,
                jt: 0,
                jf: 0,
                k: 0
            };
            INSTRUCTIONS_MAX
        ];
        // SAFETY: the kernel writes at most INSTRUCTIONS_MAX instructions, its own bound.
        let length = unsafe {
            libc::ptrace(
                PTRACE_SECCOMP_GET_FILTER as _,
                pid,
                index,
                program.as_mut_ptr(),
            )
        };
        match checked_long(length) {
            Ok(length) => program.truncate(usize::try_from(length).unwrap_or(0)),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => break,
            Err(error) => return Err(error),
        }
        newest_first.push(program);
    }
    newest_first.reverse();
    Ok(Filters(newest_first))
}

impl Filters {
    /// No filter at all.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Installs them on this thread for good; `no_new_privs` must be set.
    pub(crate) fn install(&self) -> io::Result<()> {
        for filter in &self.0 {
            let mut instructions = filter.clone();
            let program = libc::sock_fprog {
                len: u16::try_from(instructions.len()).map_err(|_| io::ErrorKind::InvalidData)?,
                filter: instructions.as_mut_ptr(),
            };
            // SAFETY: the program points to `len` instructions, which the kernel copies.
            checked(unsafe {
                libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER as libc::c_ulong,
                    &raw const program,
                    0,
                    0,
                )
            })?;
        }
        Ok(())
    }
}

fn checked_long(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
