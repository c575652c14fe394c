//! The first screen: what the run came to, in words, and never better than its parts.

use model::{ExitCode, Outcome, Report, Role};

use crate::numbers::{listed, percent, plural};
use crate::reading::comparison::together;
use crate::reading::{Chip, Place, Tally, Tone, breach, places, sizes, standing_word, voiding};
use crate::text::one_line;

/// The first screen.
#[derive(Debug, Clone)]
pub(crate) struct Headline {
    /// The verdict, as read by [`verdict_code`].
    pub(crate) code: ExitCode,
    /// `CERTIFIED`, `RUN VOID`, ... with its tone.
    pub(crate) word: Chip,
    /// The heading: `3 images certified on oci`.
    pub(crate) title: String,
    /// What it means, sentence by sentence.
    pub(crate) lead: Vec<String>,
    /// What must be known before reading on: a rehearsal, a report that contradicts itself.
    pub(crate) alarms: Vec<String>,
}

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
fn contradiction(report: &Report) -> Option<(ExitCode, String)> {
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

/// The first screen of a report.
pub(crate) fn headline(report: &Report) -> Headline {
    let code = verdict_code(report);
    let all = places(report, None);
    let standing = all
        .iter()
        .filter_map(|p| p.facts)
        .find_map(|f| standing_word(f.standing));
    let only_rehearsed = !all.is_empty() && all.iter().all(|p| !p.is_real());
    let mut alarms = alarms(report, &all);
    if code == ExitCode::Certified {
        alarms.extend(waived(report));
    }
    let word = match (code, standing.filter(|_| only_rehearsed)) {
        (ExitCode::Certified, Some(standing)) => Chip::new(
            format!("{standing}, not certified").to_uppercase(),
            Tone::Open,
        ),
        _ => Chip::new(word(report, code).to_uppercase(), code.into()),
    };
    Headline {
        code,
        word,
        title: title(report, code, &all, standing.filter(|_| only_rehearsed)),
        lead: lead(report, code),
        alarms,
    }
}

/// The verdict's word; a control that did not fail makes the run void rather than merely faulty.
fn word(report: &Report, code: ExitCode) -> &'static str {
    match code {
        ExitCode::HarnessFault if is_void(report) => "run void",
        code => code.word(),
    }
}

/// Whether a control passed, or failed by another check than its own.
fn is_void(report: &Report) -> bool {
    voiding(report).next().is_some()
}

fn title(report: &Report, code: ExitCode, all: &[Place<'_>], rehearsed: Option<&str>) -> String {
    let on = on_places(all);
    let images: Vec<String> = report
        .subjects
        .iter()
        .map(|s| s.image.to_string())
        .collect();
    let who = match images.as_slice() {
        [] => "No image".to_owned(),
        [one] => one.clone(),
        many => plural(many.len() as u64, "image", "images"),
    };
    let refused = report
        .subjects
        .iter()
        .filter(|s| s.outcome == Outcome::Fail);
    match (code, rehearsed) {
        (ExitCode::Certified, Some(word)) => {
            format!("{who} passed on a {word} platform, which certifies nothing")
        }
        (ExitCode::Certified, None) => {
            let (real, stand_ins): (Vec<_>, Vec<_>) = all.iter().copied().partition(Place::is_real);
            let beside = match on_places(&stand_ins) {
                on if on.is_empty() => on,
                on => format!("; only rehearsed{on}"),
            };
            format!(
                "{who} certified{}{}{beside}",
                at_level(report),
                on_places(&real)
            )
        }
        (ExitCode::NotCertified, _) => match (refused.count(), report.subjects.len()) {
            (_, 0 | 1) => format!("{who} is not certified{on}"),
            (n, total) if n == total => format!("None of {total} images is certified{on}"),
            (n, total) => format!("Not certified: {n} of {total} images failed{on}"),
        },
        (ExitCode::Inconclusive, _) => format!("{who}: measured{on}, not decided"),
        (ExitCode::Incomplete, _) => "This run is incomplete and certifies nothing".to_owned(),
        (ExitCode::Unavailable, _) => {
            "A platform was not available, so nothing is certified".to_owned()
        }
        (ExitCode::HarnessFault, _) if is_void(report) => {
            "This run is void: a known-bad image was not refused".to_owned()
        }
        (ExitCode::HarnessFault, _) => "The harness failed, so nothing is certified".to_owned(),
        (ExitCode::ResidueLeft, _) => {
            "Something was left behind, so nothing is certified".to_owned()
        }
        (ExitCode::Usage, _) => "The input was refused, so nothing was run".to_owned(),
        (ExitCode::PublicationFailed, _) => "Publication failed".to_owned(),
    }
}

/// ` at L2` when every subject reached the same level everywhere.
fn at_level(report: &Report) -> String {
    let mut levels = report
        .subjects
        .iter()
        .flat_map(|s| &s.levels)
        .map(|l| &l.level);
    match levels.next() {
        Some(Some(first)) if levels.all(|l| l.as_ref() == Some(first)) => {
            format!(" at {}", one_line(first))
        }
        _ => String::new(),
    }
}

/// ` on oci and kind (rehearsal)`.
fn on_places(all: &[Place<'_>]) -> String {
    let labels: Vec<String> = all.iter().map(Place::label).collect();
    match labels.len() {
        0 => String::new(),
        1..=3 => format!(" on {}", listed(&labels)),
        n => format!(" on {n} platforms"),
    }
}

/// What the verdict means.
fn lead(report: &Report, code: ExitCode) -> Vec<String> {
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

/// Loud remarks.
fn alarms(report: &Report, all: &[Place<'_>]) -> Vec<String> {
    let mut alarms = Vec::new();
    for place in all {
        if let Some(word) = place.facts.and_then(|f| standing_word(f.standing)) {
            alarms.push(match word {
                "rehearsal" => format!(
                    "{} is a rehearsal: a stand-in for the platform, not the platform. No result \
                     on it is a statement about the platform itself.",
                    place.platform
                ),
                _ => format!(
                    "{} is simulated: its numbers are invented for tests and demonstrations.",
                    place.platform
                ),
            });
        }
    }
    if report.exit_code == ExitCode::Certified
        && report.complete
        && let Some((code, why)) = contradiction(report)
    {
        let word = code.word();
        alarms.push(format!(
            "This report calls itself certified, but {why}. It is read as {word}."
        ));
    }
    alarms
}

/// The remark on waivers, which are not passes.
fn waived(report: &Report) -> Option<String> {
    let n = Tally::of_subjects(report).count(Outcome::Waived);
    (n > 0).then(|| {
        format!(
            "Certified with waivers: {} failed and {} covered by a waiver. Waived is not passed.",
            plural(n, "check", "checks"),
            if n == 1 { "is" } else { "are" }
        )
    })
}
