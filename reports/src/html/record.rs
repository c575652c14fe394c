//! The end of the page: platforms, methods, what was left out, cleanup, integrity.

use std::collections::BTreeSet;

use model::{Report, UsedWaiver};
use serde::Serialize;

use crate::numbers::{count, decimal, duration, memory, moment, percent};
use crate::reading::{Chip, Command, Tone, commands, standing_word};
use crate::text::one_line;

/// Platforms side by side: one row a fact, one column a platform.
#[derive(Debug, Serialize)]
pub(super) struct Platforms {
    columns: Vec<Column>,
    rows: Vec<(String, Vec<String>)>,
    cannot: Vec<(String, String, String)>,
}

/// A platform's head.
#[derive(Debug, Serialize)]
struct Column {
    name: String,
    standing: Option<Chip>,
    summary: String,
}

/// Everything else on record.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    host: Vec<(String, String)>,
    suites: Vec<SuitePart>,
    not_selected: Vec<(String, String)>,
    waivers: Vec<Waived>,
    cleanup: String,
    cleanup_tone: Chip,
    left: Vec<String>,
    integrity: Vec<(String, String)>,
    commands: Vec<Command>,
}

#[derive(Debug, Serialize)]
struct SuitePart {
    name: String,
    question: String,
    method: Vec<String>,
}

/// The anchor of a suite's method, if the report has it.
pub(super) fn method_anchor(report: &Report, suite: &str) -> Option<String> {
    let at = report.suites.iter().position(|s| s.name == suite)?;
    Some(format!("method-{at}"))
}

impl Platforms {
    pub(super) fn of(report: &Report) -> Self {
        let all = &report.platforms;
        let names: BTreeSet<&String> = all.iter().flat_map(|p| p.facts.keys()).collect();
        let mut rows: Vec<(String, Vec<String>)> = names
            .into_iter()
            .map(|name| {
                let values = all.iter().map(|p| match p.facts.get(name) {
                    Some(value) => one_line(value),
                    None => "not known".to_owned(),
                });
                (one_line(name), values.collect())
            })
            .collect();
        for (title, of) in SESSION_FACTS {
            let values = all.iter().map(|p| {
                let sessions: Vec<_> = report
                    .sessions
                    .iter()
                    .filter(|s| s.platform == p.platform)
                    .collect();
                if sessions.is_empty() {
                    "no session".to_owned()
                } else {
                    of(&sessions)
                }
            });
            rows.push(((*title).to_owned(), values.collect()));
        }
        Self {
            columns: all
                .iter()
                .map(|p| Column {
                    name: p.platform.to_string(),
                    standing: standing_word(p.standing)
                        .map(|word| Chip::new(word.to_uppercase(), Tone::Open)),
                    summary: one_line(&p.summary),
                })
                .collect(),
            rows,
            cannot: all
                .iter()
                .flat_map(|p| {
                    p.cannot_measure.iter().map(|(metric, why)| {
                        (p.platform.to_string(), one_line(metric), one_line(why))
                    })
                })
                .collect(),
        }
    }
}

/// A row made from a platform's sessions.
type SessionFact = (&'static str, fn(&[&model::Session]) -> String);

const SESSION_FACTS: &[SessionFact] = &[
    (
        "sessions repeated because baseline against itself differed",
        |sessions| count(sessions.iter().map(|s| u64::from(s.repeated)).sum()),
    ),
    (
        "unpacking of images by the harness, or hashing what was kept (no claim rests on it)",
        |sessions| duration(sessions.iter().map(|s| s.unpack_ms).sum()),
    ),
];

impl Record {
    pub(super) fn of(report: &Report) -> Self {
        let left = &report.cleanup.left;
        let tone = if left.is_empty() {
            Chip::new("nothing left behind", Tone::Good)
        } else {
            Chip::new("left behind", Tone::Open)
        };
        Self {
            host: host(report),
            suites: report
                .suites
                .iter()
                .map(|s| SuitePart {
                    name: one_line(&s.name),
                    question: one_line(&s.question),
                    method: s.method.iter().map(|p| one_line(p)).collect(),
                })
                .collect(),
            not_selected: report
                .not_selected
                .iter()
                .map(|n| (one_line(&n.what), one_line(&n.why)))
                .collect(),
            waivers: report.waivers.iter().map(waiver).collect(),
            cleanup: format!(
                "{} objects made, {} removed, {} left.",
                count(u64::from(report.cleanup.created)),
                count(u64::from(report.cleanup.removed)),
                count(left.len() as u64)
            ),
            cleanup_tone: tone,
            left: left.iter().map(|l| one_line(l)).collect(),
            integrity: integrity(report),
            commands: commands(report),
        }
    }
}

fn host(report: &Report) -> Vec<(String, String)> {
    let run = &report.run;
    let host = &run.host;
    let share = run.overhead_ms as f64 / run.duration_ms.max(1) as f64;
    let row = |name: &str, value: String| (name.to_owned(), value);
    vec![
        row("kernel", one_line(&host.kernel)),
        row("processors", count(u64::from(host.cpus))),
        row("memory", memory(host.memory_bytes as f64)),
        row(
            "load at start and end",
            format!(
                "{} and {}",
                decimal(host.load_start, 2),
                decimal(host.load_end, 2)
            ),
        ),
        row("run as", one_line(&host.privilege)),
        row("started", moment(&run.started)),
        row("ended", moment(&run.ended)),
        row(
            "time outside trials and their floors",
            format!(
                "{} of {} ({})",
                duration(run.overhead_ms),
                duration(run.duration_ms),
                percent(share)
            ),
        ),
    ]
}

fn integrity(report: &Report) -> Vec<(String, String)> {
    let run = &report.run;
    let row = |name: &str, value: String| (name.to_owned(), value);
    vec![
        row(
            "journal",
            match (report.complete, report.integrity.journal) {
                (true, Some(digest)) => format!(
                    "complete, {} records, trailer {digest}",
                    count(report.integrity.records)
                ),
                _ => format!(
                    "INCOMPLETE: no trailer after {} records",
                    count(report.integrity.records)
                ),
            },
        ),
        row("verdict", report.integrity.verdict.to_string()),
        row("plan", run.plan_digest.to_string()),
        row(
            "profile",
            format!("{} {}", one_line(&run.profile), run.profile_digest),
        ),
        row(
            "program",
            format!("{}, sources {}", one_line(&run.tool), one_line(&run.build)),
        ),
        row(
            "document",
            format!("{}, run {}", one_line(&report.schema), run.id),
        ),
    ]
}

/// A waiver and what became of it.
#[derive(Debug, Clone, Serialize)]
struct Waived {
    id: String,
    covers: String,
    reason: String,
    state: &'static str,
}

fn waiver(used: &UsedWaiver) -> Waived {
    let waiver = &used.waiver;
    Waived {
        id: one_line(&waiver.id),
        covers: format!(
            "{} in {}, until {}",
            waiver.check,
            waiver.image,
            one_line(&waiver.expires)
        ),
        reason: one_line(&waiver.reason),
        state: used.state.word(),
    }
}
