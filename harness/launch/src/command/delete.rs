//! `delete`: the container, its cgroup and its state, waited for until they are gone.

use libcontainer::container::Container;
use rustix::process::Signal;

use super::state::{Status, status};
use crate::arguments::Mode;
use crate::cgroup::Cgroup;
use crate::error::{LaunchError, Result, container};
use crate::identity::moment;
use crate::record::{Home, Lock, Place, Record};

/// How long a killed program may take to end.
pub(crate) const PATIENCE_S: u64 = 10;

/// Whether a running or half-made container is taken too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// Only what has ended or has not started.
    No,
    /// Anything, also what does not exist.
    Yes,
}

impl Force {
    /// From the flag `--force`.
    pub(crate) const fn of(force: bool) -> Self {
        if force { Self::Yes } else { Self::No }
    }
}

/// Removes `id`.
pub(crate) fn delete(place: &Place, id: &str, force: Force) -> Result<()> {
    let home = place.home(id)?;
    let Some(record) = home.read()? else {
        return match force {
            // A folder without a record was claimed and nothing more.
            Force::Yes => home.forget(),
            Force::No => Err(LaunchError::Unknown(id.to_owned())),
        };
    };
    let state = status(&home, &record);
    if force == Force::No && !matches!(state, Status::Stopped | Status::Created) {
        return Err(LaunchError::State {
            id: home.id,
            state: state.word(),
            wanted: "deleted",
        });
    }
    remove(&home, &record)
}

/// Removes all of it, in an order in which nothing can come back: first who might make more.
pub(crate) fn remove(home: &Home, record: &Record) -> Result<()> {
    // A created container's first program holds the lock until it starts.
    if let Some(identity) = home.living(record) {
        identity.signal(Signal::KILL)?;
        identity.wait(PATIENCE_S)?;
    }
    let _lock = stop_makers(home, record)?;
    if let Some(identity) = home.living(record) {
        identity.signal(Signal::KILL)?;
        identity.wait(PATIENCE_S)?;
    }
    if record.mode == Mode::Root {
        Cgroup::new(Some(&record.cgroup), &home.id)?.remove()?;
    }
    // What is left for libcontainer are the hooks that follow a stop and its own folder.
    if let Ok(mut loaded) = Container::load(home.theirs.clone()) {
        // The number may be somebody else's by now.
        loaded.state.pid = None;
        loaded.delete(true).map_err(container)?;
    }
    home.forget()
}

/// Kills a `create` that is still at work, or what a killed one cloned; ends with the lock.
fn stop_makers(home: &Home, record: &Record) -> Result<Lock> {
    for _ in 0..PATIENCE_S * 1000 {
        if let Some(lock) = home.lock()? {
            return Ok(lock);
        }
        for maker in home.makers(record)? {
            maker.signal(Signal::KILL)?;
        }
        moment();
    }
    Err(LaunchError::Stuck {
        what: format!("the making of container {}", home.id),
        seconds: PATIENCE_S,
    })
}
