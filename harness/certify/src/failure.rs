//! Failures with the exit code they lead to.

use model::ExitCode;

/// An error, and what the process says with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: ExitCode,
    /// What happened, with its causes.
    pub error: anyhow::Error,
}

/// Gives an error its exit code.
pub trait OrExit<T> {
    /// Bad command line or bad input.
    fn or_usage(self) -> Result<T, Failure>;
    /// The environment cannot do it.
    fn or_unavailable(self) -> Result<T, Failure>;
    /// Our own fault.
    fn or_fault(self) -> Result<T, Failure>;
    /// Interrupted.
    fn or_incomplete(self) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_usage(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(ExitCode::Usage, error.into()))
    }

    fn or_unavailable(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(ExitCode::Unavailable, error.into()))
    }

    fn or_fault(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(ExitCode::HarnessFault, error.into()))
    }

    fn or_incomplete(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(ExitCode::Incomplete, error.into()))
    }
}

impl Failure {
    /// An error that leads to `exit`, unless a full disk is at its root: that is the
    /// environment's, whatever was being done.
    pub fn new(exit: ExitCode, error: anyhow::Error) -> Self {
        let exit = if error.chain().any(is_full_disk) {
            ExitCode::Unavailable
        } else {
            exit
        };
        Self { exit, error }
    }
}

/// An error with its causes, each told once: many errors repeat their cause in their own text.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn is_full_disk(cause: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::{Error, ErrorKind};
    cause.downcast_ref::<Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        )
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let root = anyhow::anyhow!("no route").context("fetching a: no route");
        assert_eq!(
            told(&root.context("archive x")),
            "archive x: fetching a: no route"
        );
    }

    #[test]
    fn a_full_disk_is_the_environments_whatever_was_being_done() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failure = Failure::new(
            ExitCode::HarnessFault,
            anyhow::Error::new(full()).context("writing a layer"),
        );
        assert_eq!(failure.exit, ExitCode::Unavailable);
        let used: Result<(), Failure> = Err(full()).context("making a folder").or_usage();
        assert_eq!(
            used.map_err(|failure| failure.exit),
            Err(ExitCode::Unavailable)
        );
        let other = Failure::new(ExitCode::Usage, anyhow::anyhow!("no such image"));
        assert_eq!(other.exit, ExitCode::Usage);
    }
}
