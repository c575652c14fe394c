//! The table by image: one row an image on a platform, one column a criterion.

use model::{CellVerdict, ExitCode, ImageFacts, LevelVerdict, Outcome, Report, Role, Subject};

use crate::numbers::{disk, percent};
use crate::reading::comparison::{Question, questions};
use crate::reading::{Chip, Place, Tally, Tone, places, verdict_code, voiding};

/// The table.
#[derive(Debug, Clone)]
pub(crate) struct Overview<'a> {
    /// Metrics that a criterion rests on, with their titles, in order of appearance.
    pub(crate) metrics: Vec<(&'a str, String)>,
    /// Rows, images in the report's order.
    pub(crate) rows: Vec<Row<'a>>,
}

/// One image on one platform.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    /// The image.
    pub(crate) subject: &'a Subject,
    /// Where.
    pub(crate) place: Place<'a>,
    /// Its subject cells there.
    pub(crate) cells: Vec<&'a CellVerdict>,
    /// The level, or what kept it from one.
    pub(crate) level: Chip,
    /// What the next level lacks.
    pub(crate) lacking: Vec<String>,
    /// Bytes of the unpacked layers; absent when the image was not built.
    pub(crate) size: Option<Size>,
    /// One answer a metric of [`Overview::metrics`].
    pub(crate) answers: Vec<Option<Question<'a>>>,
    /// Its checks.
    pub(crate) tally: Tally,
}

/// Bytes of the candidate, beside the baseline's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Size {
    /// What is counted: `Layers, uncompressed`.
    pub(crate) title: &'static str,
    /// The candidate's bytes.
    pub(crate) candidate: f64,
    /// The baseline's bytes.
    pub(crate) baseline: Option<f64>,
}

/// The table of a report.
pub(crate) fn overview(report: &Report) -> Overview<'_> {
    let subject_cells = || report.cells.iter().filter(|c| c.role == Role::Subject);
    let mut metrics: Vec<(&str, String)> = Vec::new();
    for question in subject_cells().flat_map(questions) {
        let metric = question.main.metric.as_str();
        let has_limit = question.main.limit.is_some() && !crate::numbers::is_disk(metric);
        if has_limit && !metrics.iter().any(|(known, _)| *known == metric) {
            metrics.push((metric, question.title()));
        }
    }
    let mut rows = Vec::new();
    for subject in &report.subjects {
        for place in places(report, Some(&subject.image)) {
            let cells = subject_cells()
                .filter(|c| {
                    c.image == subject.image
                        && c.platform == *place.platform
                        && c.arch == place.arch
                })
                .collect();
            rows.push(Row::of(report, subject, place, cells, &metrics));
        }
    }
    Overview { metrics, rows }
}

/// The sizes of a subject: unpacked, then as stored and transferred.
pub(crate) fn sizes(subject: &Subject) -> Vec<Size> {
    let size = |title, bytes: fn(&ImageFacts) -> u64| Size {
        title,
        candidate: bytes(&subject.candidate) as f64,
        baseline: subject.baseline.as_ref().map(|b| bytes(b) as f64),
    };
    vec![
        size("Layers, uncompressed", |facts| facts.layer_bytes),
        size("Layers, compressed", |facts| facts.compressed_bytes),
    ]
}

impl<'a> Row<'a> {
    fn of(
        report: &'a Report,
        subject: &'a Subject,
        place: Place<'a>,
        cells: Vec<&'a CellVerdict>,
        metrics: &[(&str, String)],
    ) -> Self {
        let level = subject
            .levels
            .iter()
            .find(|l| l.platform == *place.platform && l.arch == place.arch);
        let asked: Vec<Question<'a>> = cells.iter().copied().flat_map(questions).collect();
        Self {
            level: level_chip(report, place, &cells, level),
            lacking: level
                .map(|l| l.missing_for_next.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            size: sizes(subject).into_iter().next(),
            answers: metrics
                .iter()
                .map(|(metric, _)| asked.iter().find(|q| q.main.metric == *metric).copied())
                .collect(),
            tally: Tally::of(cells.iter().copied()),
            subject,
            place,
            cells,
        }
    }

    /// A key for anchors, unique in the report: `python-oci-amd64`.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.subject.image, self.place.key())
    }
}

/// What the level column says. *Certified* stands only in a run that is certified, on the
/// platform itself: a level reached in any other run is only *reached*.
fn level_chip(
    report: &Report,
    place: Place<'_>,
    cells: &[&CellVerdict],
    level: Option<&LevelVerdict>,
) -> Chip {
    let folded = Outcome::fold(cells.iter().map(|c| c.outcome));
    let code = verdict_code(report);
    let Some((name, level)) = level.and_then(|l| Some((l.level.as_deref()?, l))) else {
        return match folded.exit_code() {
            ExitCode::Certified => Chip::new("no level", Tone::Plain),
            other => Chip::new(other.word(), folded.into()),
        };
    };
    let name = crate::text::one_line(name);
    let waivers = if level.with_waivers {
        " with waivers"
    } else {
        ""
    };
    match code {
        _ if !place.is_real() => Chip::new(format!("{name} rehearsed"), Tone::Open),
        ExitCode::Certified if level.with_waivers => {
            Chip::new(format!("{name} certified{waivers}"), Tone::Open)
        }
        ExitCode::Certified => Chip::new(format!("{name} certified"), Tone::Good),
        _ if folded.exit_code() != ExitCode::Certified => Chip::new(
            format!("{}; {name} reached", folded.exit_code().word()),
            folded.into(),
        ),
        ExitCode::HarnessFault | ExitCode::Incomplete => Chip::new(
            format!("{name} reached, run {}", run_word(report, code)),
            Tone::Void,
        ),
        _ => Chip::new(
            format!("{name} reached, run {}", run_word(report, code)),
            Tone::Plain,
        ),
    }
}

/// The run's end in a word that fits a column.
fn run_word(report: &Report, code: ExitCode) -> &'static str {
    match code {
        ExitCode::HarnessFault if voiding(report).next().is_some() => "void",
        ExitCode::HarnessFault => "faulty",
        ExitCode::Unavailable => "unavailable",
        ExitCode::ResidueLeft => "left residue",
        code => code.word(),
    }
}

impl Size {
    /// `41 %`.
    pub(crate) fn of_baseline(&self) -> Option<String> {
        let baseline = self.baseline.filter(|b| *b > 0.0)?;
        Some(percent(self.candidate / baseline))
    }

    /// `46.8 MB`.
    pub(crate) fn words(&self) -> String {
        disk(self.candidate)
    }
}
