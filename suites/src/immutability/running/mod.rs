//! Checks of the running container: kernel truth and attempts, from the probe's documents. One
//! property, one file. A check numbered 1xx is the run-time counterpart of 0xx.

pub(crate) mod candidates;
mod capability;
mod drift;
mod dropped;
mod interpreter;
mod privilege;
mod read_only;
mod seccomp;
mod setid;
mod shell;
mod stop;
mod user;
mod writable;

use model::{CheckInfo, UserId, WritablePath};
use probe::{Attempts, Facts};
use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// What was observed of one running container.
pub(crate) struct Seen {
    /// Kernel truth.
    pub(crate) facts: Facts,
    /// What its user could do.
    pub(crate) attempts: Attempts,
    /// How it served.
    pub(crate) served: Served,
    /// What changed in its root under load.
    pub(crate) drift: Drift,
    /// How it stopped.
    pub(crate) stopped: StoppedAs,
    /// What the spec declares, as recorded with the observation.
    pub(crate) declared: Declared,
}

/// What the spec declares and the checks compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Declared {
    pub(crate) user: UserId,
    pub(crate) writable: Vec<WritablePath>,
    pub(crate) interpreters: Vec<String>,
    pub(crate) stop_grace_ms: u64,
}

/// How the application served while it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// Smoke requests sent.
    pub(crate) requests: u32,
    /// What was wrong, a line per wrong answer.
    pub(crate) wrong: Vec<String>,
    /// Correct answers under load.
    pub(crate) load_ok: u64,
    /// Other answers under load.
    pub(crate) load_failed: u64,
}

/// What changed in the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drift {
    /// Entries compared between the start and the end of the load.
    pub(crate) compared: u64,
    /// Paths that differ between the two, with how.
    pub(crate) during: Vec<Difference>,
    /// Paths that differ from the certified image, with how; mount points aside.
    pub(crate) from_image: Vec<Difference>,
    /// Paths whose content could not be read.
    pub(crate) unreadable: Vec<String>,
    /// Why owners were not compared with the image's, where they could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owners_unknown: Option<String>,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) how: String,
}

/// How the container stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoppedAs {
    /// Exit status, or the negated signal.
    pub(crate) status: i32,
    pub(crate) took_ms: u64,
    pub(crate) killed: bool,
}

/// A run-time check: its page and how it looks.
pub(crate) type RunningCheck = (&'static CheckInfo, fn(&Seen) -> Findings);

/// Every run-time check.
pub(crate) static CHECKS: &[RunningCheck] = &[
    (&shell::INFO, shell::look),
    (&interpreter::INFO, interpreter::look),
    (&setid::INFO, setid::look),
    (&writable::INFO, writable::look),
    (&user::INFO, user::look),
    (&capability::INFO, capability::look),
    (&privilege::INFO, privilege::look),
    (&seccomp::INFO, seccomp::look),
    (&read_only::INFO, read_only::look),
    (&drift::INFO, drift::look),
    (&dropped::INFO, dropped::look),
    (&stop::INFO, stop::look),
];
