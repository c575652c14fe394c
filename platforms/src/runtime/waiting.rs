//! Waiting for a process that is not our child by birth but by adoption.
//!
//! A runtime's `create` leaves the container's first process behind; as its subreaper we adopt it,
//! so its exit status is ours to collect.

use std::os::fd::OwnedFd;

use engine::Exit;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::io::unix::AsyncFd;

/// An adopted process.
#[derive(Debug)]
pub(crate) struct Adopted {
    /// Its pid on the host.
    pub(crate) pid: u32,
    fd: AsyncFd<OwnedFd>,
}

/// Makes this program the one that adopts the orphans of its children.
pub(crate) fn become_subreaper() -> Result<(), String> {
    let own = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(own)).map_err(|error| error.to_string())
}

impl Adopted {
    /// Takes hold of a process by its pid.
    pub(crate) fn hold(pid: u32) -> Result<Self, String> {
        let raw = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or("not a pid")?;
        let fd = pidfd_open(raw, PidfdFlags::NONBLOCK).map_err(|error| error.to_string())?;
        #[allow(
            deprecated,
            reason = "its successor is unsafe; the concern is types that close their fd early, \
                      and an OwnedFd does not"
        )]
        let fd = AsyncFd::with_interest(fd, tokio::io::Interest::READABLE)
            .map_err(|error| error.to_string())?;
        Ok(Self { pid, fd })
    }

    /// Waits until it ended, and collects how.
    pub(crate) async fn ended(&self) -> Result<Exit, String> {
        loop {
            let mut guard = self
                .fd
                .readable()
                .await
                .map_err(|error| error.to_string())?;
            if let Some(exit) = self.collect()? {
                return Ok(exit);
            }
            guard.clear_ready();
        }
    }

    /// How it ended, if it has. Leaves the status to be collected again.
    pub(crate) fn collect(&self) -> Result<Option<Exit>, String> {
        use std::os::fd::AsFd;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::PidFd(self.fd.get_ref().as_fd()), options) {
            Ok(None) => Ok(None),
            Ok(Some(status)) => Ok(Some(
                match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Exit::Code(code),
                    (None, Some(signal)) => Exit::Signal(signal),
                    (None, None) => Exit::Code(-1),
                },
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        use std::os::fd::AsFd;
        pidfd_send_signal(self.fd.get_ref().as_fd(), signal).map_err(|error| error.to_string())
    }

    /// Takes the status away, so that no zombie stays.
    pub(crate) fn bury(&self) {
        use std::os::fd::AsFd;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let _ = waitid(WaitId::PidFd(self.fd.get_ref().as_fd()), options);
    }
}

/// A signal by its name: `SIGTERM`.
pub(crate) fn by_name(name: &str) -> Option<Signal> {
    match name.strip_prefix("SIG").unwrap_or(name) {
        "TERM" => Some(Signal::TERM),
        "INT" => Some(Signal::INT),
        "QUIT" => Some(Signal::QUIT),
        "HUP" => Some(Signal::HUP),
        "USR1" => Some(Signal::USR1),
        "USR2" => Some(Signal::USR2),
        "WINCH" => Some(Signal::WINCH),
        "KILL" => Some(Signal::KILL),
        _ => None,
    }
}
