//! `state`: what a container is, as the OCI runtime specification words it.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use libcontainer::container::{ContainerStatus, State};
use serde::Serialize;

use crate::error::{LaunchError, Result};
use crate::record::{Home, Place, Record};

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It is being made, or its making was interrupted.
    Creating,
    /// Its program waits for `start`.
    Created,
    /// Its program runs.
    Running,
    /// Its program has ended.
    Stopped,
}

/// The document printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    oci_version: &'a str,
    id: &'a str,
    status: Status,
    /// 0 when stopped, as runc has it.
    pid: i32,
    bundle: &'a Path,
    annotations: HashMap<String, String>,
}

/// Prints the state of `id`.
pub(crate) fn state(place: &Place, id: &str) -> Result<()> {
    let home = place.home(id)?;
    let record = home.known()?;
    let known = State::load(&home.theirs).ok();
    let document = Document {
        oci_version: known
            .as_ref()
            .map_or("1.0.2", |state| state.oci_version.as_str()),
        id,
        status: status(&home, &record),
        pid: home.living(&record).map_or(0, |identity| identity.pid),
        bundle: &record.bundle,
        annotations: known
            .as_ref()
            .and_then(|state| state.annotations.clone())
            .unwrap_or_default(),
    };
    let mut text = serde_json::to_vec(&document).map_err(|why| LaunchError::Json {
        path: home.theirs.join("state.json"),
        why,
    })?;
    text.push(b'\n');
    std::io::stdout().write_all(&text)?;
    Ok(())
}

/// The status, from the process itself where it lives.
pub(crate) fn status(home: &Home, record: &Record) -> Status {
    let known = State::load(&home.theirs).ok().map(|state| state.status);
    match (home.living(record), known) {
        (Some(_), Some(ContainerStatus::Created)) => Status::Created,
        (Some(_), Some(ContainerStatus::Creating) | None) => Status::Creating,
        (Some(_), Some(_)) => Status::Running,
        (None, Some(ContainerStatus::Creating) | None) => Status::Creating,
        (None, Some(_)) => Status::Stopped,
    }
}

impl Status {
    /// The word of the specification.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Created => "created",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}
