//! One image's section: its questions, checks and composition, on each platform.

use minijinja::Value;
use model::{DocumentFacts, ImageFacts, Outcome, Report, Subject};
use serde::Serialize;

use super::question::QuestionPart;
use crate::numbers::{disk, plural};
use crate::reading::{Chip, Finding, Question, Row, Size, Tally, findings, questions, sizes};
use crate::svg::{Bar, bars};
use crate::text::one_line;

/// What `image.html` is filled with.
#[derive(Debug, Serialize)]
pub(super) struct ImagePart {
    name: String,
    summary: String,
    identity: Vec<(String, String)>,
    sizes: Vec<SizePart>,
    places: Vec<PlacePart>,
    several_places: bool,
    arms: Vec<ArmPart>,
}

/// A pair of bars.
#[derive(Debug, Serialize)]
struct SizePart {
    title: &'static str,
    drawing: Value,
    words: String,
}

/// The image on one platform.
#[derive(Debug, Serialize)]
struct PlacePart {
    key: String,
    label: String,
    level: Chip,
    lacking: String,
    questions: Vec<QuestionPart>,
    other: Vec<QuestionPart>,
    remarks: Vec<(String, String)>,
    tally: String,
    findings: Vec<Finding>,
}

/// What one arm is made of.
#[derive(Debug, Serialize)]
struct ArmPart {
    title: &'static str,
    rows: Vec<(String, String)>,
    layers: Vec<(String, String, String)>,
    packages: Vec<String>,
    slices: Vec<String>,
    notes: Vec<String>,
    documents: Vec<DocumentPart>,
}

/// A document about an arm.
#[derive(Debug, Serialize)]
struct DocumentPart {
    link: Option<Value>,
    name: String,
    summary: String,
    digest: String,
}

impl ImagePart {
    /// The section of `subject`, whose rows of the overview are `rows`.
    pub(super) fn of(report: &Report, subject: &Subject, rows: &[&Row<'_>]) -> Self {
        let candidate = &subject.candidate;
        let baseline = subject.baseline.as_ref();
        Self {
            name: subject.image.to_string(),
            summary: one_line(&subject.summary),
            identity: vec![
                ("digest".to_owned(), candidate.manifest.to_string()),
                ("made from".to_owned(), one_line(&candidate.origin)),
                (
                    "compared with".to_owned(),
                    baseline.map_or_else(
                        || "nothing: this run has no baseline".to_owned(),
                        |b| one_line(&b.origin),
                    ),
                ),
            ],
            sizes: sizes(subject)
                .iter()
                .enumerate()
                .map(|(i, size)| SizePart::of(size, &format!("{}-size-{i}", subject.image)))
                .collect(),
            places: rows.iter().map(|row| PlacePart::of(report, row)).collect(),
            several_places: rows.len() > 1,
            arms: [("Candidate", Some(candidate)), ("Baseline", baseline)]
                .into_iter()
                .filter_map(|(title, facts)| Some(ArmPart::of(title, facts?)))
                .collect(),
        }
    }
}

impl SizePart {
    fn of(size: &Size, id: &str) -> Self {
        let share = size
            .of_baseline()
            .map(|s| format!(" ({s})"))
            .unwrap_or_default();
        let candidate = format!("candidate {}{share}", size.words());
        let mut drawn = Vec::new();
        if let Some(baseline) = size.baseline {
            drawn.push(Bar {
                class: "bbar",
                label: format!("baseline {}", disk(baseline)),
                value: baseline,
            });
        }
        drawn.push(Bar {
            class: "cbar",
            label: candidate.clone(),
            value: size.candidate,
        });
        Self {
            title: size.title,
            drawing: Value::from_safe_string(bars(id, size.title, &drawn)),
            words: match size.baseline {
                Some(b) if b > size.candidate => format!("{} less", disk(b - size.candidate)),
                Some(b) if b < size.candidate => format!("{} more", disk(size.candidate - b)),
                Some(_) => "equal".to_owned(),
                None => "no baseline to compare with".to_owned(),
            },
        }
    }
}

impl PlacePart {
    fn of(report: &Report, row: &Row<'_>) -> Self {
        let key = row.key();
        let is_size = |metric: &str| crate::numbers::is_disk(metric);
        let asked = row.cells.iter().copied().flat_map(questions);
        let (main, other): (Vec<_>, Vec<_>) = asked
            .filter(|q| !is_size(&q.main.metric))
            .partition(|q| q.main.limit.is_some());
        let part = |asked: Vec<Question<'_>>, kind: &str| -> Vec<QuestionPart> {
            let numbered = asked.iter().enumerate();
            numbered
                .map(|(i, q)| QuestionPart::of(report, q, &format!("{key}-{kind}{i}")))
                .collect()
        };
        Self {
            label: row.place.label(),
            level: row.level.clone(),
            lacking: crate::numbers::listed(&row.lacking),
            questions: part(main, "q"),
            other: part(other, "o"),
            remarks: remarks(row),
            tally: Tally::of(row.cells.iter().copied()).sentence(),
            findings: findings(row.cells.iter().copied()),
            key,
        }
    }
}

/// What stands in the way of a cell's numbers: its reason unless it passed, and its warnings.
fn remarks(row: &Row<'_>) -> Vec<(String, String)> {
    let mut remarks = Vec::new();
    for cell in &row.cells {
        if cell.outcome != Outcome::Pass && !cell.reason.is_empty() {
            remarks.push((
                format!("{} {}", cell.suite, cell.outcome),
                one_line(&cell.reason),
            ));
        }
        for warning in &cell.warnings {
            remarks.push((cell.suite.to_string(), one_line(warning)));
        }
    }
    remarks
}

impl ArmPart {
    fn of(title: &'static str, facts: &ImageFacts) -> Self {
        let row = |name: &str, value: String| (name.to_owned(), value);
        Self {
            title,
            rows: vec![
                row("manifest", facts.manifest.to_string()),
                row("configuration", facts.config.to_string()),
                row("file tree", facts.tree.to_string()),
                row(
                    "files",
                    format!(
                        "{} in {}",
                        disk(facts.file_bytes as f64),
                        plural(facts.entries, "entry", "entries")
                    ),
                ),
                row("layers, uncompressed", disk(facts.layer_bytes as f64)),
                row("layers, compressed", disk(facts.compressed_bytes as f64)),
                row(
                    "made of",
                    format!(
                        "{}, {}",
                        plural(facts.packages.len() as u64, "package", "packages"),
                        plural(facts.slices.len() as u64, "slice", "slices")
                    ),
                ),
                row("architecture", facts.arch.to_string()),
            ],
            layers: facts
                .layers
                .iter()
                .map(|l| {
                    (
                        one_line(&l.content),
                        disk(l.bytes as f64),
                        l.digest.to_string(),
                    )
                })
                .collect(),
            packages: facts.packages.iter().map(|p| one_line(p)).collect(),
            slices: facts.slices.iter().map(|s| one_line(s)).collect(),
            notes: facts.notes.iter().map(|n| one_line(n)).collect(),
            documents: facts.documents.iter().map(DocumentPart::of).collect(),
        }
    }
}

impl DocumentPart {
    fn of(facts: &DocumentFacts) -> Self {
        Self {
            // Plain characters alone: nothing in it can be markup.
            link: facts
                .link()
                .map(|link| Value::from_safe_string(link.to_owned())),
            name: one_line(&facts.name),
            summary: format!(
                "{}, {}",
                one_line(&facts.media_type),
                one_line(&facts.summary)
            ),
            digest: facts.digest.to_string(),
        }
    }
}
