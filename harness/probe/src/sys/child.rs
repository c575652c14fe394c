//! Forked children: made, waited for, killed; programs executed in them.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use super::{checked, retried};

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// A child that is killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Child {
    pid: libc::pid_t,
    reaped: bool,
}

/// Forks; the child runs `body` and ends with the status it returns.
///
/// The caller must have one thread only: the child allocates.
pub(crate) fn fork(body: impl FnOnce() -> i32) -> io::Result<Child> {
    // SAFETY: the program has one thread where it forks, so the child may do anything.
    match checked(unsafe { libc::fork() })? {
        0 => {
            let status = body();
            // SAFETY: ends the child without running the parent's exit code.
            unsafe { libc::_exit(status) }
        }
        pid => Ok(Child { pid, reaped: false }),
    }
}

impl Child {
    /// Its pid.
    #[cfg(test)]
    pub(crate) fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// How it ended, if it has; it stays to be waited for.
    pub(crate) fn ended(&self) -> Option<String> {
        // SAFETY: `found` is valid for writing; the child is not taken away.
        let found = unsafe {
            let mut found: libc::siginfo_t = std::mem::zeroed();
            let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            let id = self.pid.unsigned_abs();
            let result = libc::waitid(libc::P_PID, id, &raw mut found, options);
            (result == 0 && found.si_pid() != 0).then(|| (found.si_code, found.si_status()))
        };
        found.map(|(code, status)| match code {
            libc::CLD_EXITED => format!("status {status}"),
            _ => format!("signal {status}"),
        })
    }

    /// Kills it and all it started that stayed in its session.
    pub(crate) fn kill(&self) {
        // SAFETY: the child is not reaped yet, so its pid is its own.
        unsafe {
            libc::kill(-self.pid, libc::SIGKILL);
            libc::kill(self.pid, libc::SIGKILL);
        }
    }

    /// Lets go of a child that was waited for together with all others.
    pub(crate) fn let_go(mut self) {
        self.reaped = true;
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> io::Result<End> {
        let mut status = 0;
        // SAFETY: `status` is valid for writing.
        retried(|| unsafe { libc::waitpid(self.pid, &raw mut status, 0) })?;
        self.reaped = true;
        if libc::WIFSIGNALED(status) {
            return Ok(End::Signal(libc::WTERMSIG(status)));
        }
        Ok(End::Status(libc::WEXITSTATUS(status)))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            // SAFETY: no status is asked for.
            let _ = retried(|| unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), 0) });
        }
    }
}

/// Becomes the leader of a new session, so that it can be killed with all it starts.
pub(crate) fn new_session() -> io::Result<()> {
    // SAFETY: no arguments.
    checked(unsafe { libc::setsid() }).map(drop)
}

/// No core files, and few seconds of processor time for what is executed.
pub(crate) fn bound_resources(cpu_seconds: u64) -> io::Result<()> {
    for (what, limit) in [(libc::RLIMIT_CORE, 0), (libc::RLIMIT_CPU, cpu_seconds)] {
        let value = libc::rlimit {
            rlim_cur: limit,
            rlim_max: limit,
        };
        // SAFETY: the limit is valid for reading.
        checked(unsafe { libc::setrlimit(what, &raw const value) })?;
    }
    Ok(())
}

/// Executes a file with an empty environment; returns the error if it failed.
pub(crate) fn exec(path: &CStr, arguments: &[&CStr]) -> io::Error {
    let (argv, environment) = vectors(arguments);
    // SAFETY: a C string and two vectors of C strings closed by a null.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Executes an open file with an empty environment; returns the error if it failed.
pub(crate) fn exec_open(file: BorrowedFd<'_>, arguments: &[&CStr]) -> io::Error {
    let (argv, environment) = vectors(arguments);
    // SAFETY: an open descriptor, the empty C string and two closed vectors.
    unsafe {
        libc::execveat(
            file.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr().cast(),
            environment.as_ptr().cast(),
            libc::AT_EMPTY_PATH,
        );
    }
    io::Error::last_os_error()
}

fn vectors(arguments: &[&CStr]) -> (Vec<*const libc::c_char>, [*const libc::c_char; 1]) {
    let mut argv = arguments.iter().map(|one| one.as_ptr()).collect::<Vec<_>>();
    argv.push(std::ptr::null());
    (argv, [std::ptr::null()])
}
