//! The verdict a document may show, which is never better than the report's parts.

use model::{ExitCode, Outcome, Report, Role};

/// The verdict a document may show: the report's own, unless the report is incomplete or one of
/// its parts forbids it. A document never reads better than the cells beneath it.
pub(crate) fn verdict_code(report: &Report) -> ExitCode {
    if !report.complete || report.integrity.journal.is_none() {
        ExitCode::Incomplete
    } else if report.exit_code == ExitCode::Certified {
        contradiction(report).map_or(ExitCode::Certified, |(code, _)| code)
    } else {
        report.exit_code
    }
}

/// Why a report that says *certified* cannot be.
pub(crate) fn contradiction(report: &Report) -> Option<(ExitCode, String)> {
    let subjects = || report.cells.iter().filter(|c| c.role == Role::Subject);
    if subjects().next().is_none() {
        return Some((
            ExitCode::Incomplete,
            "it holds no cell of a subject".to_owned(),
        ));
    }
    // A flaky cell may be certified where the profile allows it; nothing else may.
    let broken = subjects()
        .find(|c| c.outcome.exit_code() != ExitCode::Certified && c.outcome != Outcome::Flaky);
    if let Some(cell) = broken {
        return Some((
            cell.outcome.exit_code(),
            format!("its cell {} came to {}", cell.id, cell.outcome),
        ));
    }
    if let Some(control) = report.controls.iter().find(|c| !c.refused) {
        return Some((
            ExitCode::HarnessFault,
            format!("its control {} was not refused", control.image),
        ));
    }
    if !report.cleanup.left.is_empty() {
        let why = "it names something left behind".to_owned();
        return Some((ExitCode::ResidueLeft, why));
    }
    None
}
