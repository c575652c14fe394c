//! The driver of OCI runtimes by their command line: create, start, state, kill, delete.

mod beside;
pub(crate) mod bundle;
pub(crate) mod cgroup;
pub(crate) mod command;
mod container;
pub(crate) mod facts;
mod kept_trees;
mod laying;
pub(crate) mod members;
pub(crate) mod memory;
pub(crate) mod once;
mod overlay;
mod privilege;
pub(crate) mod session;
mod starting;
pub(crate) mod sweep;
pub(crate) mod view;
mod waiting;

use camino::{Utf8Path, Utf8PathBuf};
use engine::SessionError;

pub(crate) use privilege::Privilege;

/// A runtime program.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    /// The program.
    pub(crate) program: Utf8PathBuf,
    /// The first line of `--version`.
    pub(crate) version: String,
    /// What it can do beyond the specification.
    pub(crate) kind: Kind,
}

/// What a runtime can do beyond the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours: it mounts a container's overlay where only the container sees it, and does without
    /// root's rights.
    Embedded,
    /// Any other.
    Plain,
}

impl Runtime {
    /// Asks the program who it is.
    pub(crate) async fn look(program: &Utf8Path) -> Result<Self, SessionError> {
        let attempted = format!("ask {program} for its version");
        let output = command::run(command::new(program).arg("--version"))
            .await
            .map_err(|error| SessionError::environment(&attempted, error))?;
        let version = output.lines().next().unwrap_or_default().trim().to_owned();
        let kind = if version.starts_with("launch ") {
            Kind::Embedded
        } else {
            Kind::Plain
        };
        Ok(Self {
            program: program.to_owned(),
            version,
            kind,
        })
    }
}
