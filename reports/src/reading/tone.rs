//! How a result feels: a colour, and a mark and a word that say the same without colour.

use model::{ClaimFinding, ExitCode, Outcome};
use serde::Serialize;

/// The five tones of a document. Only [`Tone::Good`] is ever green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tone {
    /// Shown as it should be.
    Good,
    /// Shown to be otherwise.
    Bad,
    /// Not decided.
    Open,
    /// Says nothing: not run, broken off, or our own fault.
    Void,
    /// Neither good nor bad.
    Plain,
}

/// A word in a tone, with its mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Chip {
    /// The word.
    pub(crate) word: String,
    /// Its tone.
    pub(crate) tone: Tone,
    /// Its mark.
    pub(crate) mark: &'static str,
}

impl Tone {
    /// A mark that tells the tones apart without colour.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Open => "?",
            Self::Void => "!",
            Self::Plain => "·",
        }
    }
}

impl Chip {
    /// `word` in `tone`.
    pub(crate) fn new(word: impl Into<String>, tone: Tone) -> Self {
        Self {
            word: word.into(),
            tone,
            mark: tone.mark(),
        }
    }
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Good,
            Outcome::Fail => Self::Bad,
            Outcome::Waived | Outcome::Flaky | Outcome::Blocked | Outcome::Inconclusive => {
                Self::Open
            }
            Outcome::NotApplicable => Self::Plain,
            Outcome::EnvironmentError
            | Outcome::HarnessError
            | Outcome::Cancelled
            | Outcome::NotRun => Self::Void,
        }
    }
}

impl From<ClaimFinding> for Tone {
    fn from(finding: ClaimFinding) -> Self {
        match finding {
            ClaimFinding::Proven => Self::Good,
            ClaimFinding::Refuted => Self::Bad,
            ClaimFinding::DirectionOnly | ClaimFinding::Inconclusive => Self::Open,
            ClaimFinding::Equivalent | ClaimFinding::NotMeasurableHere => Self::Plain,
        }
    }
}

impl From<ExitCode> for Tone {
    fn from(code: ExitCode) -> Self {
        match code {
            ExitCode::Certified => Self::Good,
            ExitCode::NotCertified => Self::Bad,
            ExitCode::Inconclusive
            | ExitCode::Unavailable
            | ExitCode::ResidueLeft
            | ExitCode::PublicationFailed => Self::Open,
            ExitCode::Usage | ExitCode::Incomplete | ExitCode::HarnessFault => Self::Void,
        }
    }
}
