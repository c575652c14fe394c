//! Signals as a program expects to find them.
//!
//! The runtime of this language ignores `SIGPIPE`, and an ignored signal stays ignored across
//! `execve`: without this the program in the container would not end when its reader does.
#![allow(unsafe_code)]

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};

/// Gives every signal its default disposition and blocks none.
pub(crate) fn reset() {
    for each in Signal::iterator() {
        // SAFETY: no handler is installed, and this process has one thread and starts another
        // program next. SIGKILL and SIGSTOP answer EINVAL, which changes nothing.
        let _ = unsafe { signal(each, SigHandler::SigDfl) };
    }
    // Fails for invalid arguments only.
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}
