//! What a verdict means, sentence by sentence.

use model::{ExitCode, Outcome, Report, Role};

use crate::numbers::{percent, plural};
use crate::reading::comparison::together;
use crate::reading::{Tally, breach, sizes, voiding};
use crate::text::one_line;

/// What the verdict means.
pub(super) fn lead(report: &Report, code: ExitCode) -> Vec<String> {
    let mut lead = match code {
        ExitCode::Certified => vec![compared(report)],
        ExitCode::NotCertified => failures(report),
        ExitCode::Inconclusive | ExitCode::Unavailable => undecided(report, code),
        ExitCode::Incomplete => incomplete(report),
        ExitCode::HarnessFault => faults(report),
        ExitCode::ResidueLeft => vec![format!(
            "{} left on the platform; the list stands under Cleanup.",
            plural(report.cleanup.left.len() as u64, "object is", "objects are")
        )],
        ExitCode::Usage | ExitCode::PublicationFailed => Vec::new(),
    };
    let counted = Tally::of_subjects(report).sentence();
    lead.push(format!("{counted} {}", controls(report)));
    lead
}

/// How the subjects compare with their baselines: one sentence a criterion, one on bytes.
///
/// Stand-ins are left out of it, unless there is nothing else.
fn compared(report: &Report) -> String {
    let view = crate::reading::overview(report);
    let only_rehearsed = !view.rows.iter().any(|row| row.place.is_real());
    let mut sentences: Vec<String> = (0..view.metrics.len())
        .filter_map(|i| {
            let rows = view
                .rows
                .iter()
                .filter(|row| row.place.is_real() || only_rehearsed);
            let asked: Vec<_> = rows.filter_map(|row| row.answers[i]).collect();
            together(&asked)
        })
        .collect();
    let mut shares: Vec<f64> = report
        .subjects
        .iter()
        .filter_map(|s| sizes(s).into_iter().next())
        .filter_map(|size| Some(size.candidate / size.baseline.filter(|b| *b > 0.0)?))
        .collect();
    shares.sort_by(f64::total_cmp);
    if let [low, .., high] = shares.as_slice() {
        let low = percent(*low);
        sentences.push(format!(
            "Size: {} to {} of the baseline's bytes.",
            low.trim_end_matches(" %"),
            percent(*high)
        ));
    } else if let [one] = shares.as_slice() {
        sentences.push(format!("Size: {} of the baseline's bytes.", percent(*one)));
    }
    if sentences.is_empty() {
        sentences.push("Nothing was compared with a baseline.".to_owned());
    }
    sentences.join(" ")
}

/// Every failed check by name, the first few with what was found.
fn failures(report: &Report) -> Vec<String> {
    const SHOWN: usize = 4;
    let failed: Vec<String> = report
        .cells
        .iter()
        .filter(|c| c.role == Role::Subject)
        .flat_map(|cell| cell.checks.iter().map(move |check| (cell, check)))
        .filter(|(_, check)| check.outcome == Outcome::Fail)
        .map(|(cell, check)| {
            format!(
                "{} on {} fails {} ({}): {}.",
                cell.image,
                cell.platform,
                check.id,
                one_line(&check.title),
                one_line(&check.message).trim_end_matches('.')
            )
        })
        .collect();
    let more = failed.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = failed.into_iter().take(SHOWN).collect();
    if more > 0 {
        shown.push(format!(
            "{} beneath.",
            plural(more as u64, "more failure", "more failures")
        ));
    }
    shown
}

/// The cells that kept a run from a decision.
fn undecided(report: &Report, code: ExitCode) -> Vec<String> {
    let mut sentences = vec![match code {
        ExitCode::Unavailable => "This says nothing about the images.".to_owned(),
        _ => "Nothing is shown to be wrong, and nothing is certified.".to_owned(),
    }];
    sentences.extend(reasons(report, |o| o.exit_code() == code));
    sentences
}

fn incomplete(report: &Report) -> Vec<String> {
    let left = report
        .cells
        .iter()
        .filter(|c| c.outcome.exit_code() == ExitCode::Incomplete);
    let mut sentences = vec![if report.complete && report.integrity.journal.is_some() {
        "What stands below is a record of what was seen, not a verdict.".to_owned()
    } else {
        "The journal has no end: the run was broken off. What stands below is a record of what \
         was seen, not a verdict."
            .to_owned()
    }];
    sentences.push(format!(
        "{} of {} cells did not finish.",
        left.count(),
        report.cells.len()
    ));
    sentences
}

fn faults(report: &Report) -> Vec<String> {
    let mut sentences: Vec<String> = voiding(report)
        .map(|control| format!("{}.", breach(control)))
        .collect();
    if !sentences.is_empty() {
        sentences.push(
            "A check that lets a known-bad image through shows nothing, so no result of this run \
             counts."
                .to_owned(),
        );
    }
    sentences.extend(reasons(report, |o| o == Outcome::HarnessError));
    if sentences.is_empty() {
        sentences.push("This says nothing about the images.".to_owned());
    }
    sentences
}

/// The first few reasons of cells whose outcome is wanted.
fn reasons(report: &Report, wanted: impl Fn(Outcome) -> bool) -> Vec<String> {
    const SHOWN: usize = 3;
    let all: Vec<String> = report
        .cells
        .iter()
        .filter(|c| wanted(c.outcome))
        .map(|c| format!("{}: {}.", c.id, one_line(&c.reason).trim_end_matches('.')))
        .collect();
    let more = all.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = all.into_iter().take(SHOWN).collect();
    if more > 0 {
        shown.push(format!(
            "{} like it.",
            plural(more as u64, "more cell", "more cells")
        ));
    }
    shown
}

/// What the known-bad controls came to.
fn controls(report: &Report) -> String {
    let refused = report.controls.iter().filter(|c| c.refused).count();
    match (refused, report.controls.len()) {
        (_, 0) => "No known-bad control was judged in this run.".to_owned(),
        (n, total) if n == total => {
            format!("{n} of {total} known-bad controls were refused, so the checks can fail.")
        }
        (n, total) => format!("{n} of {total} known-bad controls were refused."),
    }
}
