//! Which process is meant by a process id: the id and when it started.
//!
//! libcontainer remembers the bare number, and numbers are used again: a late `delete --force`
//! would kill a stranger.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::error::{LaunchError, Result};

/// A process for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Its id in the namespace of the caller of `create`.
    pub(crate) pid: i32,
    /// Its start, in clock ticks since boot (`/proc/PID/stat` field 22).
    pub(crate) started: u64,
}

impl Identity {
    /// The process that has this id now; `None` if there is none or it has ended.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let (state, started) = stat(pid)?;
        (!matches!(state, 'Z' | 'X' | 'x')).then_some(Self { pid, started })
    }

    /// Whether it still runs.
    pub(crate) fn lives(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }

    /// Sends a signal, to this process or to none.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(());
        };
        // Opened first, compared afterwards: from then on the number cannot be taken over.
        let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
            return Ok(());
        };
        if !self.lives() {
            return Ok(());
        }
        match pidfd_send_signal(&fd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(why) => Err(LaunchError::System {
                what: format!("signal process {}", self.pid),
                why: nix::errno::Errno::from_raw(why.raw_os_error()),
            }),
        }
    }

    /// Waits until it has ended, at most `seconds`.
    pub(crate) fn wait(&self, seconds: u64) -> Result<()> {
        for _ in 0..seconds.saturating_mul(1000).saturating_add(1) {
            if !self.lives() {
                return Ok(());
            }
            moment();
        }
        Err(LaunchError::Stuck {
            what: format!("process {}", self.pid),
            seconds,
        })
    }
}

/// One millisecond, the grain of every wait here.
pub(crate) fn moment() {
    let moment = rustix::thread::Timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000,
    };
    // An interrupted pause is a shorter one.
    let _ = rustix::thread::nanosleep(&moment);
}

/// State letter and start time. The name in between may contain anything, so the last parenthesis
/// ends it.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // Field 3 is the state, so field 22 is 19 further.
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_number_is_another_process() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.lives());
        let earlier = Identity {
            started: me.started - 1,
            ..me
        };
        assert!(!earlier.lives());
        // A signal to the earlier one reaches nobody, or this test would end here.
        earlier.signal(Signal::KILL).unwrap();
        earlier.wait(0).unwrap();
        assert!(matches!(me.wait(0), Err(LaunchError::Stuck { .. })));
    }
}
