//! Why a start did not lead to a ready container, and whose doing it was: the same words on every
//! platform.

use engine::{Blame, Residue, SessionError, StartError, StartRequest};

/// Why there is no ready container.
pub(crate) enum Unready {
    /// The image's doing.
    Image(String),
    /// The platform's policy refuses it.
    Refused(String),
    /// The harness's, the host's or the platform's doing, and what to try.
    Ours(String, Option<String>),
}

impl Unready {
    /// Nobody's fault but ours or the platform's.
    pub(crate) fn ours(why: impl ToString) -> Self {
        Self::Ours(why.to_string(), None)
    }

    /// The error of a start: `output` is what the container wrote last, `residue` what is left of
    /// it. Whatever stops a run may have stopped what ours is.
    pub(crate) fn told(
        self,
        request: &StartRequest,
        stop: &tokio_util::sync::CancellationToken,
        output: String,
        residue: Residue,
    ) -> StartError {
        let image = request.image.clone();
        match self {
            Self::Image(why) => StartError::NotReady { image, why, output },
            Self::Refused(why) => StartError::Refused { image, why },
            Self::Ours(why, remedy) => {
                let blame = if stop.is_cancelled() {
                    Blame::Interrupt
                } else {
                    Blame::Environment
                };
                let attempted = format!("start {}", request.name);
                let mut error = SessionError::environment(attempted, why)
                    .blamed_on(blame)
                    .leaving(residue);
                error.remedy = remedy;
                error.into()
            }
        }
    }
}
