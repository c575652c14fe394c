//! `kill`: a signal to the first program, or to all.
//!
//! Not libcontainer's, which notes any signalled container as stopped.

use std::os::linux::fs::MetadataExt;

use libcontainer::signal::Signal as Named;
use rustix::process::Signal;

use super::state::status;
use crate::cgroup::Cgroup;
use crate::error::{LaunchError, Result};
use crate::identity::Identity;
use crate::record::{Place, Record};

/// Whom a signal reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The first program.
    First,
    /// All of the container's.
    All,
}

impl Reach {
    /// From the flag `--all`.
    pub(crate) const fn of(all: bool) -> Self {
        if all { Self::All } else { Self::First }
    }
}

/// Sends `signal` (`TERM`, `SIGTERM` or `15`).
pub(crate) fn kill(place: &Place, id: &str, signal: &str, reach: Reach) -> Result<()> {
    let signal = number(signal)?;
    let home = place.home(id)?;
    let record = home.known()?;
    let living = home.living(&record);
    match (living, reach) {
        (Some(identity), Reach::First) => identity.signal(signal),
        (Some(identity), Reach::All) => {
            for member in members(&identity, &record, id)? {
                member.signal(signal)?;
            }
            Ok(())
        }
        // All of nobody is done.
        (None, Reach::All) => Ok(()),
        (None, Reach::First) => Err(LaunchError::State {
            id: id.to_owned(),
            state: status(&home, &record).word(),
            wanted: "killed",
        }),
    }
}

fn number(text: &str) -> Result<Signal> {
    let unknown = || LaunchError::Refused {
        what: "signal",
        why: format!("`{text}` is none"),
    };
    let named = Named::try_from(text).map_err(|_| unknown())?;
    // The library keeps the number to itself, but prints it under its own name.
    let name = format!("{named:?}");
    let name = name.trim_start_matches("Signal(").trim_end_matches(')');
    let known: nix::sys::signal::Signal = name.parse().map_err(|_| unknown())?;
    Signal::from_named_raw(known as i32).ok_or_else(unknown)
}

/// Everybody in the first program's process namespace; without one of its own, in its cgroup.
fn members(first: &Identity, record: &Record, id: &str) -> Result<Vec<Identity>> {
    let namespace = |pid: &str| {
        fs_err::metadata(format!("/proc/{pid}/ns/pid"))
            .ok()
            .map(|m| m.st_ino())
    };
    let theirs = namespace(&first.pid.to_string());
    if theirs.is_none() || theirs == namespace("self") {
        let pids = Cgroup::new(Some(&record.cgroup), id)?.members()?;
        return Ok(pids.into_iter().filter_map(Identity::of).collect());
    }
    Ok(fs_err::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.parse::<i32>().is_ok() && namespace(name) == theirs)
        .filter_map(|name| Identity::of(name.parse().ok()?))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for (text, signal) in [
            ("TERM", Signal::TERM),
            ("SIGKILL", Signal::KILL),
            ("15", Signal::TERM),
            ("HUP", Signal::HUP),
        ] {
            assert_eq!(number(text).unwrap(), signal);
        }
        for bad in ["", "0", "99", "-1", "SIGNOPE"] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }
}
