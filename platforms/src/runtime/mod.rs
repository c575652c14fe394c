//! The driver of OCI runtimes by their command line: create, start, state, kill, delete.

pub(crate) mod bundle;
mod cgroup;
pub(crate) mod command;
mod container;
mod facts;
mod memory;
pub(crate) mod once;
mod overlay;
mod prober;
pub(crate) mod session;
mod starting;
pub(crate) mod sweep;
mod waiting;

use camino::{Utf8Path, Utf8PathBuf};
use engine::SessionError;

/// A runtime program.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    /// The program.
    pub(crate) program: Utf8PathBuf,
    /// The first line of `--version`.
    pub(crate) version: String,
}

impl Runtime {
    /// Asks the program who it is.
    pub(crate) async fn look(program: &Utf8Path) -> Result<Self, SessionError> {
        let attempted = format!("ask {program} for its version");
        let output = command::run(command::new(program).arg("--version"))
            .await
            .map_err(|error| SessionError::environment(&attempted, error))?;
        let version = output.lines().next().unwrap_or_default().trim().to_owned();
        Ok(Self {
            program: program.to_owned(),
            version,
        })
    }
}
