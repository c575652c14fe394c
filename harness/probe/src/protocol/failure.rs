//! How the probe says that it could not do what it was asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The document printed instead of a result: `{"error":{...}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// What went wrong.
    pub error: Failure,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its class, for decisions.
    pub kind: FailureKind,
    /// What was attempted, on what, and why it failed; for people.
    pub what: String,
    /// The system's error number, if it was the system that refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
}

/// Classes of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The command line is wrong (exit 2).
    Usage,
    /// A request cannot be read or asks for something impossible (exit 2 for one-shot verbs).
    BadInput,
    /// The target is not there, or ended while it was looked at.
    TargetGone,
    /// A permission is missing; another caller could do it.
    Denied,
    /// A bound was reached before the work was done.
    Limit,
    /// Another command is still being worked on.
    Busy,
    /// Any other refusal by the system.
    System,
}

impl Failure {
    /// A failure with no system error behind it.
    pub fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            errno: None,
        }
    }

    /// A refusal by the system: `doing` continues "cannot".
    pub fn system(doing: &str, error: &std::io::Error) -> Self {
        Self {
            kind: match error.kind() {
                std::io::ErrorKind::PermissionDenied => FailureKind::Denied,
                _ => FailureKind::System,
            },
            what: format!("cannot {doing}: {error}"),
            errno: error.raw_os_error(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}
