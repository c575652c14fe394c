//! Outcomes of checks and cells, and the exit codes they lead to. The table lives only here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of a check in a cell, or of a cell.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Shown, by a stated method.
    Pass,
    /// Failed, covered by a valid waiver.
    Waived,
    /// Has no meaning for this subject, decided by plan or by a profile condition.
    NotApplicable,
    /// The image broke a criterion.
    Fail,
    /// Failed, then passed.
    Flaky,
    /// Impossible inside an open session: a missing right, tool or feature.
    Blocked,
    /// Measured, not decided.
    Inconclusive,
    /// The platform failed, or the session could not open.
    EnvironmentError,
    /// The harness failed; also a baseline that never becomes ready.
    HarnessError,
    /// Interrupted.
    Cancelled,
    /// Never started: the start value of every planned cell and check.
    NotRun,
}

/// The verdict of a run as a process exit code. Documented and stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "u8", try_from = "u8")]
#[schemars(with = "u8")]
#[repr(u8)]
pub enum ExitCode {
    /// Every planned check passed, was waived or does not apply.
    Certified = 0,
    /// A criterion was broken.
    NotCertified = 1,
    /// Bad command line or bad input.
    Usage = 2,
    /// Measured without a decision.
    Inconclusive = 3,
    /// Interrupted, cells not run, or nothing selected.
    Incomplete = 4,
    /// Platform or environment unavailable.
    Unavailable = 5,
    /// The harness failed, or a control did not fail as it must.
    HarnessFault = 6,
    /// Publication failed.
    PublicationFailed = 7,
    /// Something was left behind.
    ResidueLeft = 8,
}

impl Outcome {
    /// Every outcome, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Pass,
        Self::Waived,
        Self::NotApplicable,
        Self::Fail,
        Self::Flaky,
        Self::Blocked,
        Self::Inconclusive,
        Self::EnvironmentError,
        Self::HarnessError,
        Self::Cancelled,
        Self::NotRun,
    ];

    /// The best verdict a run can still have with this outcome in it.
    pub const fn exit_code(self) -> ExitCode {
        match self {
            Self::Pass | Self::Waived | Self::NotApplicable => ExitCode::Certified,
            Self::Fail => ExitCode::NotCertified,
            Self::Flaky | Self::Blocked | Self::Inconclusive => ExitCode::Inconclusive,
            Self::EnvironmentError => ExitCode::Unavailable,
            Self::HarnessError => ExitCode::HarnessFault,
            Self::Cancelled | Self::NotRun => ExitCode::Incomplete,
        }
    }

    /// The word used in every document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Waived => "waived",
            Self::NotApplicable => "not-applicable",
            Self::Fail => "fail",
            Self::Flaky => "flaky",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::EnvironmentError => "environment-error",
            Self::HarnessError => "harness-error",
            Self::Cancelled => "cancelled",
            Self::NotRun => "not-run",
        }
    }

    /// Folds the outcomes of a cell's declared checks into the cell's outcome: the one whose exit
    /// code ranks first (ties: flaky, blocked, inconclusive; not-run before cancelled); all
    /// not-applicable gives that; else waived if any; else pass. No check at all is `NotRun`:
    /// nothing was shown.
    pub fn fold(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes
            .into_iter()
            .reduce(|a, b| if a.fold_key() <= b.fold_key() { a } else { b })
            .unwrap_or(Self::NotRun)
    }

    /// Smaller decides first.
    const fn fold_key(self) -> (u8, u8) {
        let tie = match self {
            Self::Flaky | Self::NotRun | Self::Waived => 0,
            Self::Blocked | Self::Cancelled | Self::Pass => 1,
            _ => 2,
        };
        (self.exit_code().rank(), tie)
    }
}

impl ExitCode {
    /// Place in the order in which several causes are weighed: 2, 6, 4, 1, 5, 3, 8, 7, 0.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Usage => 0,
            Self::HarnessFault => 1,
            Self::Incomplete => 2,
            Self::NotCertified => 3,
            Self::Unavailable => 4,
            Self::Inconclusive => 5,
            Self::ResidueLeft => 6,
            Self::PublicationFailed => 7,
            Self::Certified => 8,
        }
    }

    /// Of several causes, the one that decides.
    pub const fn worse(self, other: Self) -> Self {
        if self.rank() <= other.rank() {
            self
        } else {
            other
        }
    }

    /// The verdict in words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::NotCertified => "not certified",
            Self::Usage => "bad input",
            Self::Inconclusive => "inconclusive",
            Self::Incomplete => "incomplete",
            Self::Unavailable => "platform or environment unavailable",
            Self::HarnessFault => "harness fault",
            Self::PublicationFailed => "publication failed",
            Self::ResidueLeft => "residue left behind",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> Self {
        code as Self
    }
}

impl TryFrom<u8> for ExitCode {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        [
            Self::Certified,
            Self::NotCertified,
            Self::Usage,
            Self::Inconclusive,
            Self::Incomplete,
            Self::Unavailable,
            Self::HarnessFault,
            Self::PublicationFailed,
            Self::ResidueLeft,
        ]
        .into_iter()
        .find(|code| *code as u8 == number)
        .ok_or_else(|| format!("{number} is no exit code of certify"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_of_causes_is_as_documented() {
        let mut codes: Vec<ExitCode> = (0..=8).filter_map(|n| ExitCode::try_from(n).ok()).collect();
        codes.sort_by_key(|code| code.rank());
        let numbers: Vec<u8> = codes.into_iter().map(u8::from).collect();
        assert_eq!(numbers, [2, 6, 4, 1, 5, 3, 8, 7, 0]);
    }

    #[test]
    fn nothing_shown_is_not_a_pass() {
        assert_eq!(Outcome::fold([]), Outcome::NotRun);
        assert_eq!(
            Outcome::fold([Outcome::NotApplicable]),
            Outcome::NotApplicable
        );
        assert_eq!(
            Outcome::fold([Outcome::NotApplicable, Outcome::Pass]),
            Outcome::Pass
        );
        assert_eq!(
            Outcome::fold([Outcome::Waived, Outcome::Pass]),
            Outcome::Waived
        );
        assert_eq!(
            Outcome::fold([Outcome::Blocked, Outcome::Flaky]),
            Outcome::Flaky
        );
    }

    proptest! {
        #[test]
        fn a_fold_is_certified_only_when_every_part_is(picks in prop::collection::vec(0..11usize, 1..9)) {
            let outcomes: Vec<Outcome> = picks.iter().map(|i| Outcome::ALL[*i]).collect();
            let folded = Outcome::fold(outcomes.iter().copied());
            let all = outcomes.iter().all(|o| o.exit_code() == ExitCode::Certified);
            prop_assert_eq!(folded.exit_code() == ExitCode::Certified, all);
            prop_assert!(outcomes.contains(&folded));
        }
    }
}
