//! `start`: lets the program of a created container run.

use libcontainer::container::{Container, ContainerStatus};

use super::state::{Status, status};
use crate::error::{LaunchError, Result, container};
use crate::record::Place;

/// Starts it. Success means that it was told to; a program that cannot be executed says so on the
/// container's standard error and the container ends.
pub(crate) fn start(place: &Place, id: &str) -> Result<()> {
    let home = place.home(id)?;
    let record = home.known()?;
    let status = status(&home, &record);
    if status != Status::Created {
        return Err(LaunchError::State {
            id: home.id,
            state: status.word(),
            wanted: "started",
        });
    }
    let mut loaded = Container::load(home.theirs).map_err(container)?;
    if loaded.status() != ContainerStatus::Created {
        return Err(LaunchError::Container(format!("container {id} just ended")));
    }
    loaded.start().map_err(container)
}
