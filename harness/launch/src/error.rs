//! What can go wrong, and on what.

use std::path::PathBuf;

use crate::seccomp::SeccompError;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// The command line makes no sense.
    #[error("usage: {0}")]
    Usage(&'static str),
    /// The name cannot be a container's.
    #[error("container name `{0}`: only letters, digits and `_+-.`, not starting with a dot")]
    Name(String),
    /// A container of that name exists.
    #[error("container {0} exists already")]
    Exists(String),
    /// There is none.
    #[error("container {0} does not exist")]
    Unknown(String),
    /// The container is in another state than the command needs.
    #[error("container {id} is {state}, so it cannot be {wanted}")]
    State {
        /// The container.
        id: String,
        /// What it is.
        state: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// The bundle asks for something dangerous or impossible.
    #[error("{what}: {why}")]
    Refused {
        /// The key of config.json.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// A file.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// A system call.
    #[error("{what}: {why}")]
    System {
        /// What was attempted, on what.
        what: String,
        /// The kernel's answer.
        why: nix::errno::Errno,
    },
    /// The profile.
    #[error(transparent)]
    Seccomp(#[from] SeccompError),
    /// A JSON file.
    #[error("{}: {why}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: serde_json::Error,
    },
    /// libcontainer; its message with all causes.
    #[error("{0}")]
    Container(String),
    /// It did not end in time.
    #[error("{what} is still there after {seconds} s")]
    Stuck {
        /// What.
        what: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// A result of this program.
pub(crate) type Result<T> = std::result::Result<T, LaunchError>;

/// Wraps an error of a system call with what was attempted.
pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(nix::errno::Errno) -> LaunchError {
    let what = what.into();
    move |why| LaunchError::System { what, why }
}

/// An error with all its causes in one line; libcontainer hides the useful part in the causes.
pub(crate) fn container(error: impl std::error::Error) -> LaunchError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    LaunchError::Container(text)
}
