//! Known-bad controls: refused as they must be, or the run is void.

use model::{CheckId, ControlVerdict, ExitCode, Outcome, Report};

use crate::numbers::listed;
use crate::reading::{Chip, Tone};

/// What became of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It failed by its named check.
    Refused,
    /// It passed, or failed by another check: the run is void.
    Void,
    /// It came to no decision, which folds like a subject's.
    Undecided(Outcome),
}

/// What became of `control`. A control whose cell is missing voids the run: nothing shows that
/// the checks can fail.
pub(crate) fn refusal(report: &Report, control: &ControlVerdict) -> Refusal {
    if control.refused {
        return Refusal::Refused;
    }
    let cell = report.cells.iter().find(|c| c.id == control.cell);
    match cell.map(|c| c.outcome) {
        Some(outcome) => match outcome.exit_code() {
            ExitCode::Certified | ExitCode::NotCertified => Refusal::Void,
            _ => Refusal::Undecided(outcome),
        },
        None => Refusal::Void,
    }
}

/// The controls that void the run.
pub(crate) fn voiding(report: &Report) -> impl Iterator<Item = &ControlVerdict> {
    let void = |c: &&ControlVerdict| refusal(report, c) == Refusal::Void;
    report.controls.iter().filter(void)
}

/// `IMM-005 and IMM-007`.
pub(crate) fn ids(ids: &[CheckId]) -> String {
    listed(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// `shell must fail by IMM-001 and it did not fail`.
pub(crate) fn breach(control: &ControlVerdict) -> String {
    let did = match control.failed.as_slice() {
        [] => "it did not fail".to_owned(),
        failed => format!("it failed by {}", ids(failed)),
    };
    format!(
        "{} must fail by {}, and {did}",
        control.image,
        ids(&control.must_fail)
    )
}

impl Refusal {
    /// In words.
    pub(crate) fn chip(self) -> Chip {
        match self {
            Self::Refused => Chip::new("refused, as it must be", Tone::Good),
            Self::Void => Chip::new("not refused: the run is void", Tone::Bad),
            Self::Undecided(outcome) => Chip::new(outcome.word(), Tone::from(outcome)),
        }
    }
}
