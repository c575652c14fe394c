//! The page's content, part by part, in the order a reader meets it.

use model::{Report, Role};
use serde::Serialize;

use super::image::ImagePart;
use super::record::{Platforms, Record, method_anchor};
use crate::numbers::{duration, listed, moment, percent};
use crate::reading::{
    Chip, ClaimRow, Claims, Overview, Row, Size, audited, headline, ids, overview, refusal,
};
use crate::text::one_line;

/// What `page.html` is filled with.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    run: String,
    ended: String,
    headline: HeadlinePart,
    overview: OverviewPart,
    claims: Claims,
    claim_summaries: Vec<String>,
    images: Vec<ImagePart>,
    controls: Vec<ControlPart>,
    platforms: Platforms,
    record: Record,
}

/// The first screen.
#[derive(Debug, Serialize)]
struct HeadlinePart {
    word: Chip,
    title: String,
    lead: Vec<String>,
    alarms: Vec<String>,
    exit_code: u8,
    sentence: String,
    facts: Vec<(String, String)>,
}

/// The table by image.
#[derive(Debug, Serialize)]
struct OverviewPart {
    several_places: bool,
    metrics: Vec<MetricHead>,
    rows: Vec<OverviewRow>,
}

/// A criterion's column, and the anchor of its method.
#[derive(Debug, Serialize)]
struct MetricHead {
    title: String,
    method: Option<String>,
}

#[derive(Debug, Serialize)]
struct OverviewRow {
    image: String,
    place: String,
    key: String,
    level: Chip,
    lacking: String,
    size: String,
    of_baseline: String,
    answers: Vec<Option<Answer>>,
    checks: String,
    checks_tone: Chip,
}

/// A criterion's cell: ratio, interval, and what that means.
#[derive(Debug, Serialize)]
struct Answer {
    ratio: String,
    interval: String,
    words: Chip,
}

/// A control's row.
#[derive(Debug, Serialize)]
struct ControlPart {
    image: String,
    place: String,
    flaw: String,
    must_fail: String,
    failed: String,
    outcome: Chip,
    reason: String,
}

impl Page {
    /// The page of a report.
    pub(super) fn of(report: &Report) -> Self {
        let view = overview(report);
        let headline = headline(report);
        let claims = audited(report);
        Self {
            title: format!("{}: {}", headline.word.word, headline.title),
            run: report.run.id.to_string(),
            ended: moment(&report.run.ended),
            headline: HeadlinePart {
                exit_code: headline.code.into(),
                sentence: one_line(&report.verdict),
                facts: facts(report),
                word: headline.word,
                title: headline.title,
                lead: headline.lead,
                alarms: headline.alarms,
            },
            claim_summaries: claims.rows.iter().map(ClaimRow::together).collect(),
            claims,
            images: report
                .subjects
                .iter()
                .map(|subject| {
                    let rows = view
                        .rows
                        .iter()
                        .filter(|r| r.subject.image == subject.image);
                    ImagePart::of(report, subject, &rows.collect::<Vec<_>>())
                })
                .collect(),
            overview: OverviewPart::of(report, &view),
            controls: report
                .controls
                .iter()
                .map(|c| ControlPart::of(report, c))
                .collect(),
            platforms: Platforms::of(report),
            record: Record::of(report),
        }
    }
}

/// The line of facts beneath the verdict.
fn facts(report: &Report) -> Vec<(String, String)> {
    let run = &report.run;
    let left = report.cleanup.left.len();
    let share = run.overhead_ms as f64 / (run.duration_ms.max(1)) as f64;
    let judged = report.cells.iter().filter(|c| c.role == Role::Subject);
    let mut suites: Vec<String> = Vec::new();
    for cell in judged {
        let name = cell.suite.to_string();
        if !suites.contains(&name) {
            suites.push(name);
        }
    }
    let mut facts = vec![
        ("Profile".to_owned(), one_line(&run.profile)),
        ("Suites".to_owned(), listed(&suites)),
        (
            "Time".to_owned(),
            format!(
                "{}, {} outside trials",
                duration(run.duration_ms),
                percent(share)
            ),
        ),
        (
            "Left behind".to_owned(),
            crate::numbers::plural(left as u64, "object", "objects"),
        ),
        ("Program".to_owned(), one_line(&run.tool)),
    ];
    for platform in &report.platforms {
        let standing = crate::reading::standing_word(platform.standing);
        facts.push((
            format!("Platform {}", platform.platform),
            match standing {
                Some(word) => format!("{}: {}", word.to_uppercase(), one_line(&platform.summary)),
                None => one_line(&platform.summary),
            },
        ));
    }
    facts
}

impl OverviewPart {
    fn of(report: &Report, view: &Overview<'_>) -> Self {
        let first = view.rows.first().map(|row| row.place.label());
        Self {
            several_places: view.rows.iter().any(|row| Some(row.place.label()) != first),
            metrics: (0..view.metrics.len())
                .map(|i| MetricHead {
                    title: view.metrics[i].1.clone(),
                    method: view
                        .rows
                        .iter()
                        .find_map(|row| row.answers[i])
                        .and_then(|q| method_anchor(report, q.cell.suite.as_str())),
                })
                .collect(),
            rows: view.rows.iter().map(OverviewRow::of).collect(),
        }
    }
}

impl OverviewRow {
    fn of(row: &Row<'_>) -> Self {
        Self {
            image: row.subject.image.to_string(),
            place: row.place.label(),
            key: row.key(),
            level: row.level.clone(),
            lacking: listed(&row.lacking),
            size: row.size.as_ref().map_or_else(String::new, Size::words),
            of_baseline: row
                .size
                .as_ref()
                .and_then(Size::of_baseline)
                .unwrap_or_default(),
            answers: row
                .answers
                .iter()
                .map(|question| {
                    question.map(|q| Answer {
                        ratio: q.ratio_words(),
                        interval: q.interval_short(),
                        words: q.answer(),
                    })
                })
                .collect(),
            checks: row.tally.words(),
            checks_tone: Chip::new("", row.tally.tone()),
        }
    }
}

impl ControlPart {
    fn of(report: &Report, control: &model::ControlVerdict) -> Self {
        Self {
            image: control.image.to_string(),
            place: control.cell.to_string(),
            flaw: one_line(&control.flaw),
            must_fail: ids(&control.must_fail),
            failed: ids(&control.failed),
            outcome: refusal(report, control).chip(),
            reason: one_line(&control.reason),
        }
    }
}
