//! The verdict: a fold over the plan. What was not observed cannot pass.

mod cells;
mod claims;
mod controls;
mod levels;
mod sentence;
mod waivers;

use model::{ControlVerdict, ExitCode, Outcome, Plan, Role, Verdict};

pub(crate) use cells::count_self_comparisons;

use crate::journal::Journal;
use crate::suite::Suite;

/// Judges every cell of `plan` from what `journal` holds. Pure: the same journal, plan and suites
/// give the same verdict, on any machine and without a platform.
pub fn judge(plan: &Plan, journal: &Journal, suites: &[&dyn Suite]) -> Verdict {
    let mut cells = cells::judge(plan, journal, suites);
    let waivers = waivers::apply(plan, journal, &mut cells);
    let controls = controls::judge(plan, &cells);
    let levels = levels::judge(plan, journal, &cells);
    let claims = claims::audit(plan, journal, &cells);
    let mut exit_code = if plan.cells.iter().any(|cell| cell.role == Role::Subject) {
        ExitCode::Certified
    } else {
        ExitCode::Incomplete
    };
    for cell in &cells {
        if cell.role == Role::Subject {
            exit_code = exit_code.worse(cell.outcome.exit_code());
        }
    }
    for control in &controls {
        if !control.refused {
            let outcome = cells
                .iter()
                .find(|cell| cell.id == control.cell)
                .map(|c| c.outcome);
            exit_code = exit_code.worse(void(outcome));
        }
    }
    if !journal.left_behind().is_empty() {
        exit_code = exit_code.worse(ExitCode::ResidueLeft);
    }
    let sentence = sentence::of(plan, exit_code, &cells, &levels, &controls);
    Verdict {
        exit_code,
        sentence,
        cells,
        levels,
        claims,
        controls,
        waivers,
    }
}

/// The control that voids the run, if one does: it passed, or failed by another check than its own.
pub fn voided_by(verdict: &Verdict) -> Option<&ControlVerdict> {
    verdict.controls.iter().find(|control| {
        let cell = verdict.cells.iter().find(|cell| cell.id == control.cell);
        !control.refused && void(cell.map(|cell| cell.outcome)) == ExitCode::HarnessFault
    })
}

/// What a control that was not refused does to the run: one that passed, or failed by another
/// check, voids it; any other outcome folds like a subject's.
fn void(outcome: Option<Outcome>) -> ExitCode {
    match outcome {
        Some(outcome) => match outcome.exit_code() {
            ExitCode::Certified | ExitCode::NotCertified => ExitCode::HarnessFault,
            other => other,
        },
        None => ExitCode::Incomplete,
    }
}
