//! Errors of sessions: what was attempted, on what, why, what is left, what to try.

use crate::residue::Residue;

/// A call on a platform or session that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("could not {attempted}: {why}; {residue}{}", hint(.remedy))]
pub struct SessionError {
    /// What was attempted, on what: `start container w012-candidate`.
    pub attempted: String,
    /// Why it failed.
    pub why: String,
    /// What it leaves behind.
    pub residue: Residue,
    /// What to try.
    pub remedy: Option<String>,
    /// Whose fault it is.
    pub blame: Blame,
}

/// Whose fault a failure is; decides the outcome of the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The platform or host: `environment-error`.
    Environment,
    /// The harness: `harness-error`.
    Harness,
    /// A right, tool or feature is missing inside an open session: `blocked`.
    Missing,
    /// The run was asked to stop: `cancelled`.
    Interrupt,
}

/// A start that did not lead to a ready container.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// The image's doing: it ended or never became ready. The container is gone again.
    #[error("{image} did not become ready: {why}; its last output: {output}")]
    NotReady {
        /// The delivered image.
        image: String,
        /// What happened.
        why: String,
        /// The last lines it wrote.
        output: String,
    },
    /// The platform's own policy does not admit the image as its spec runs it. Nothing was started.
    #[error("{image} is refused by the platform: {why}")]
    Refused {
        /// The delivered image.
        image: String,
        /// The policy's words.
        why: String,
    },
    /// The platform's or the harness's doing.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl SessionError {
    /// A failure of the environment that leaves nothing behind.
    pub fn environment(attempted: impl Into<String>, why: impl ToString) -> Self {
        Self {
            attempted: attempted.into(),
            why: why.to_string(),
            residue: Residue::Nothing,
            remedy: None,
            blame: Blame::Environment,
        }
    }

    /// The same with what it leaves behind.
    #[must_use]
    pub fn leaving(mut self, residue: Residue) -> Self {
        self.residue = residue;
        self
    }

    /// The same with what to try.
    #[must_use]
    pub fn try_this(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same, somebody else's fault.
    #[must_use]
    pub const fn blamed_on(mut self, blame: Blame) -> Self {
        self.blame = blame;
        self
    }
}

impl Blame {
    /// The outcome of a cell that ends by such a failure.
    pub const fn outcome(self) -> model::Outcome {
        match self {
            Self::Environment => model::Outcome::EnvironmentError,
            Self::Harness => model::Outcome::HarnessError,
            Self::Missing => model::Outcome::Blocked,
            Self::Interrupt => model::Outcome::Cancelled,
        }
    }
}

fn hint(remedy: &Option<String>) -> String {
    remedy
        .as_ref()
        .map_or_else(String::new, |remedy| format!("; try: {remedy}"))
}
