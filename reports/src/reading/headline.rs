//! The first screen: what the run came to, in words, and never better than its parts.

use model::{ExitCode, Outcome, Report};

use crate::numbers::{listed, plural};
use crate::reading::lead::lead;
use crate::reading::trust::{contradiction, verdict_code};
use crate::reading::{Chip, Place, Tally, Tone, places, standing_word, voiding};
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
