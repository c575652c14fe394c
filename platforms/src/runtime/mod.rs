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
use tokio::process::Command;

use cgroup::Cgroups;
pub(crate) use privilege::Privilege;

/// The verb of `launch` that becomes another runtime, which sees control groups of version 1 alone.
const ON_V1: &str = "on-v1";

/// A runtime program.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    /// The program.
    pub(crate) program: Utf8PathBuf,
    /// The first line of `--version`.
    pub(crate) version: String,
    /// What it can do beyond the specification.
    pub(crate) kind: Kind,
    /// What has to stand in front of it on this host.
    front: Option<Front>,
}

/// A program of ours that becomes the runtime once it has arranged what the runtime wants.
#[derive(Debug, Clone)]
struct Front {
    program: Utf8PathBuf,
    verb: &'static str,
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
    /// Asks the program who it is. `launch` is our own one.
    pub(crate) async fn look(program: &Utf8Path, launch: &Utf8Path) -> Result<Self, SessionError> {
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
        let hybrid = Cgroups::look() == Cgroups::V1 { hybrid: true };
        let front = (hybrid && version.starts_with("crun ")).then(|| Front {
            program: launch.to_owned(),
            verb: ON_V1,
        });
        Ok(Self {
            program: program.to_owned(),
            version,
            kind,
            front,
        })
    }

    /// A call of it.
    pub(crate) fn call(&self) -> Command {
        match &self.front {
            None => command::new(&self.program),
            Some(front) => {
                let mut call = command::new(&front.program);
                call.arg(front.verb).arg(&self.program);
                call
            }
        }
    }

    /// The words of a call, as the ledger has them.
    pub(crate) fn words(&self) -> String {
        match &self.front {
            None => self.program.to_string(),
            Some(front) => format!("{} {} {}", front.program, front.verb, self.program),
        }
    }
}
