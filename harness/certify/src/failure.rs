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
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_usage(self) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            exit: ExitCode::Usage,
            error: error.into(),
        })
    }

    fn or_unavailable(self) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            exit: ExitCode::Unavailable,
            error: error.into(),
        })
    }

    fn or_fault(self) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            exit: ExitCode::HarnessFault,
            error: error.into(),
        })
    }
}
