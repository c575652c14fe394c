//! Whose doing it is when an image cannot be built.

use crate::Failure;
use crate::rooms::finish;

/// An archive's failure is the environment's, everything else about a cut is bad input.
pub(super) fn blame(error: chisel::Error) -> Failure {
    let exit = match error.class() {
        chisel::ErrorClass::Archive | chisel::ErrorClass::Payload => model::ExitCode::Unavailable,
        _ => model::ExitCode::Usage,
    };
    Failure::new(exit, error.into())
}

pub(super) fn blame_any(error: anyhow::Error) -> Failure {
    match error.downcast::<chisel::Error>() {
        Ok(error) => blame(error),
        Err(error) => Failure::new(model::ExitCode::Unavailable, error),
    }
}

/// A finish step that fails is the image's doing, unless the host cannot run it.
pub(super) trait OfStep<T> {
    fn or_fault_of_step(self) -> Result<T, Failure>;
}

impl<T> OfStep<T> for Result<T, finish::FinishError> {
    fn or_fault_of_step(self) -> Result<T, Failure> {
        self.map_err(|error| {
            let exit = match error {
                finish::FinishError::Host(_) => model::ExitCode::Unavailable,
                finish::FinishError::Interrupted(_) => model::ExitCode::Incomplete,
                finish::FinishError::Step { .. } => model::ExitCode::Usage,
            };
            Failure::new(exit, error.into())
        })
    }
}
