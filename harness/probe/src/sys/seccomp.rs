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
    // The kernel counts from the oldest, whatever older manual pages say (the test shows it).
    let mut oldest_first = Vec::new();
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
        oldest_first.push(program);
    }
    Ok(Filters(oldest_first))
}

impl Filters {
    /// No filter at all.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// One filter from the kernel's own form of its instructions (`struct sock_filter`, 8 bytes
    /// each); nothing unless it is at least one and not more than the kernel takes.
    pub(crate) fn one(bytes: &[u8]) -> Option<Self> {
        let (instructions, rest) = bytes.as_chunks::<8>();
        if instructions.is_empty() || !rest.is_empty() || instructions.len() > INSTRUCTIONS_MAX {
            return None;
        }
        let program = instructions
            .iter()
            .map(|[c0, c1, jt, jf, k @ ..]| libc::sock_filter {
                code: u16::from_ne_bytes([*c0, *c1]),
                jt: *jt,
                jf: *jf,
                k: u32::from_ne_bytes(*k),
            });
        Some(Self(vec![program.collect()]))
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::{Filters, read};
    use crate::sys::{child, clock, files, identity};

    /// One call refused with an own error number, all others allowed.
    fn refusing(call: libc::c_long, errno: u32) -> Vec<libc::sock_filter> {
        let step = |code, k, jf| libc::sock_filter { code, jt: 0, jf, k };
        let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
        let equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        let answer = (libc::BPF_RET | libc::BPF_K) as u16;
        vec![
            step(load, 0, 0),
            step(equal, u32::try_from(call).unwrap(), 1),
            step(answer, libc::SECCOMP_RET_ERRNO | errno, 0),
            step(answer, libc::SECCOMP_RET_ALLOW, 0),
        ]
    }

    #[test]
    fn filters_are_copied_in_order_and_hold() {
        let status = std::fs::read_to_string("/proc/self/status").expect("our status");
        if !status.contains("Uid:\t0\t0\t0\t0") {
            let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
            assert!(
                !required.split(',').any(|one| one == "root"),
                "required (root)"
            );
            println!("skipped (root): reading another program's filters needs root");
            return;
        }
        let filters = Filters(vec![
            refusing(libc::SYS_memfd_create, 77),
            refusing(libc::SYS_unshare, 78),
        ]);
        let (_reader, writer) = files::pipe().expect("a pipe");
        let target = child::fork(|| {
            let ready = identity::set_no_new_privs().and_then(|()| filters.install());
            drop(writer);
            clock::sleep_until(clock::monotonic_ns() + 60_000_000_000);
            i32::from(ready.is_err())
        })
        .expect("a child");
        let filtered = |pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
            status.contains("Seccomp_filters:\t2")
        };
        while !filtered(target.pid()) {
            std::thread::yield_now();
        }
        let copied = read(target.pid()).expect("filters");
        assert_eq!(copied.count(), 2);
        let plain = |filters: &Filters| {
            let steps = filters.0.iter().flatten();
            steps
                .map(|one| (one.code, one.jt, one.jf, one.k))
                .collect::<Vec<_>>()
        };
        assert_eq!(plain(&copied), plain(&filters));
        // The target goes on undisturbed: it is in its sleep again, not stopped.
        let state = std::fs::read_to_string(format!("/proc/{}/stat", target.pid())).expect("stat");
        assert!(
            !state.contains(") t ") && !state.contains(") T "),
            "{state}"
        );
        let held = child::fork(|| {
            let _ = identity::set_no_new_privs();
            copied.install().map_or(1, |()| {
                let refused = files::memory_file(c"x").map_err(|error| error.raw_os_error());
                i32::from(!matches!(refused, Err(Some(77))))
            })
        });
        assert_eq!(
            held.expect("a child").wait().expect("its end"),
            child::End::Status(0)
        );
    }
}
