//! Dying with the parent.
//!
//! The kernel's signal comes when the *thread* ends that started this program, and a harness
//! starts programs from threads of a pool. So the signal has a handler that ends the program
//! only if the parent itself is gone; the kernel sends it again when the next thread ends.
#![allow(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

use super::checked;

static PARENT: AtomicI32 = AtomicI32::new(0);

/// From now on this program ends when its parent has. Made anew after a change of user, which
/// makes the kernel forget it.
pub(crate) fn die_with_parent() -> io::Result<()> {
    // SAFETY: the handler is async-signal-safe (an atomic load, getppid, _exit); the action is
    // zeroed but for the fields set, which is its empty mask.
    unsafe {
        PARENT.store(libc::getppid(), Ordering::SeqCst);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        checked(libc::sigaction(
            libc::SIGHUP,
            &raw const action,
            std::ptr::null_mut(),
        ))?;
        checked(libc::prctl(
            libc::PR_SET_PDEATHSIG,
            libc::SIGHUP as libc::c_ulong,
            0,
            0,
            0,
        ))?;
    }
    Ok(())
}

/// Ends when asked by SIGTERM, also as the first process of a pid namespace, whose signals are
/// ignored unless they have a handler.
pub(crate) fn end_when_asked() -> io::Result<()> {
    // SAFETY: the handler does nothing but end the program, which is async-signal-safe; the action
    // is zeroed but for the handler, which is its empty mask and no flags.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_request as *const () as libc::sighandler_t;
        checked(libc::sigaction(
            libc::SIGTERM,
            &raw const action,
            std::ptr::null_mut(),
        ))
        .map(drop)
    }
}

/// Kills all processes of the pid namespace but this one, if this is its first, and takes away every
/// child that ended.
pub(crate) fn kill_all_and_reap() {
    // SAFETY: numbers only; -1 means every process but init and the caller, which as the first
    // process of a pid namespace is every process of it.
    unsafe {
        if libc::getpid() == 1 {
            libc::kill(-1, libc::SIGKILL);
        }
        loop {
            let reaped = libc::waitpid(-1, std::ptr::null_mut(), 0);
            if reaped < 0 && *libc::__errno_location() != libc::EINTR {
                return;
            }
        }
    }
}

/// Waits for ever; a signal that ends the program ends it.
pub(crate) fn wait_to_be_stopped() -> ! {
    loop {
        // SAFETY: no arguments.
        unsafe { libc::pause() };
    }
}

/// In a forked child that must never outlive its parent: killed by the kernel.
pub(crate) fn be_killed_with_parent() -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe {
        libc::prctl(
            libc::PR_SET_PDEATHSIG,
            libc::SIGKILL as libc::c_ulong,
            0,
            0,
            0,
        )
    })
    .map(drop)
}

/// Ends at once, without waiting for threads.
pub(crate) fn end(status: i32) -> ! {
    // SAFETY: ends the program; buffers of standard output are flushed by those who write.
    unsafe { libc::_exit(status) }
}

extern "C" fn on_signal(_: libc::c_int) {
    // SAFETY: both calls are async-signal-safe.
    unsafe {
        if libc::getppid() != PARENT.load(Ordering::SeqCst) {
            libc::_exit(0);
        }
    }
}

extern "C" fn on_request(_: libc::c_int) {
    // SAFETY: async-signal-safe.
    unsafe { libc::_exit(0) }
}
