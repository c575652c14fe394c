//! Room 8, report: composed from the journal and the verdict alone.

use std::collections::BTreeMap;

use engine::journal::{Journal, Record};
use model::{
    Arm, CheckRow, Cleanup, Integrity, MeasurementRow, Method, Outcome, Plan, Report, Role,
    RunInfo, Session, Subject, Suite, Totals, Verdict,
};

/// Composes the report of a run. The same journal and verdict give the same report anywhere.
pub fn compose(plan: &Plan, journal: &Journal, verdict: &Verdict) -> Option<Report> {
    let header = journal.header()?;
    let trailer = journal.trailer();
    let complete = trailer.is_some();
    let exit_code = if complete {
        verdict.exit_code
    } else {
        verdict.exit_code.worse(model::ExitCode::Incomplete)
    };
    let sentence = match &journal.damage {
        Some(damage) => format!("the journal is cut off ({damage})"),
        None if !complete => "the run did not reach its end".to_owned(),
        None => verdict.sentence.clone(),
    };
    let mut host = header.host.clone();
    if let Some(trailer) = trailer {
        host.load_end = f64::from(trailer.load_hundredths) / 100.0;
    }
    let spans = spans(journal);
    let duration_ms = trailer.map_or(0, |trailer| trailer.duration_ms);
    Some(Report {
        schema: Report::SCHEMA.to_owned(),
        run: RunInfo {
            id: header.run.clone(),
            tool: header.tool.clone(),
            build: header.build.clone(),
            started: header.started.clone(),
            ended: trailer.map_or_else(String::new, |trailer| trailer.ended.clone()),
            duration_ms,
            overhead_ms: duration_ms.saturating_sub(not_overhead(&spans)),
            command: header.command.clone(),
            profile: plan.profile.name.clone(),
            profile_digest: plan.profile_digest,
            plan_digest: plan.digest(),
            host,
        },
        complete,
        verdict: sentence,
        exit_code,
        totals: totals(verdict),
        subjects: subjects(plan, journal, verdict),
        platforms: journal.sessions().cloned().collect(),
        sessions: sessions(journal),
        cells: verdict.cells.clone(),
        checks: verdict.cells.iter().flat_map(CheckRow::of).collect(),
        measurements: verdict.cells.iter().flat_map(MeasurementRow::of).collect(),
        claims: verdict.claims.clone(),
        controls: verdict.controls.clone(),
        suites: suite_texts(plan),
        waivers: verdict.waivers.clone(),
        not_selected: plan.not_selected.clone(),
        cleanup: cleanup(journal),
        integrity: Integrity {
            journal: journal.last.filter(|_| complete),
            records: journal.records.len() as u64,
            verdict: model::canonical::digest(verdict),
        },
    })
}

/// Milliseconds by kind.
fn spans(journal: &Journal) -> BTreeMap<&str, f64> {
    let mut spans = BTreeMap::new();
    for record in &journal.records {
        if let Record::Span { what, ms } = record {
            *spans.entry(what.as_str()).or_insert(0.0) += ms;
        }
    }
    spans
}

/// Milliseconds of trials and their floors, and of waiting for other runs to measure.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a run's milliseconds"
)]
fn not_overhead(spans: &BTreeMap<&str, f64>) -> u64 {
    ["trial", "settle", engine::QUEUE_SPAN]
        .iter()
        .filter_map(|what| spans.get(what))
        .sum::<f64>() as u64
}

fn totals(verdict: &Verdict) -> Totals {
    let mut totals = Totals {
        declared: 0,
        pass: 0,
        waived: 0,
        not_applicable: 0,
        fail: 0,
        other: 0,
        controls: verdict.controls.len() as u32,
        controls_refused: verdict
            .controls
            .iter()
            .filter(|control| control.refused)
            .count() as u32,
    };
    let subjects = verdict
        .cells
        .iter()
        .filter(|cell| cell.role == Role::Subject);
    for check in subjects.flat_map(|cell| &cell.checks) {
        totals.declared += 1;
        *match check.outcome {
            Outcome::Pass => &mut totals.pass,
            Outcome::Waived => &mut totals.waived,
            Outcome::NotApplicable => &mut totals.not_applicable,
            Outcome::Fail => &mut totals.fail,
            _ => &mut totals.other,
        } += 1;
    }
    totals
}

fn subjects(plan: &Plan, journal: &Journal, verdict: &Verdict) -> Vec<Subject> {
    let arm = |image: &model::ImageName, arm: Arm| {
        journal
            .images()
            .filter(|facts| facts.image == *image && facts.arm == arm)
            .last()
            .cloned()
    };
    plan.images
        .iter()
        .filter(|image| image.role == Role::Subject)
        .filter_map(|image| {
            let cells = verdict.cells.iter().filter(|cell| cell.image == image.name);
            Some(Subject {
                image: image.name.clone(),
                summary: image.summary.clone(),
                spec_digest: image.spec_digest,
                falls_short: image.falls_short.clone(),
                outcome: Outcome::fold(cells.map(|cell| cell.outcome)),
                levels: verdict
                    .levels
                    .iter()
                    .filter(|level| level.image == image.name)
                    .cloned()
                    .collect(),
                candidate: arm(&image.name, Arm::Candidate)?,
                baseline: arm(&image.name, Arm::Baseline),
            })
        })
        .collect()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a run's milliseconds"
)]
fn sessions(journal: &Journal) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    // Sessions follow each other, so what was unpacked belongs to the last one that was opened.
    for record in &journal.records {
        match (record, sessions.last_mut()) {
            (Record::Session(facts), _) => sessions.push(Session {
                platform: facts.platform.clone(),
                repeated: 0,
                unpack_ms: 0,
            }),
            (Record::Span { what, ms }, Some(session)) if what == engine::UNPACK_SPAN => {
                session.unpack_ms += *ms as u64;
            }
            (Record::CellStart { attempt, .. }, Some(session)) if *attempt > 0 => {
                session.repeated += 1;
            }
            _ => {}
        }
    }
    sessions
}

fn suite_texts(plan: &Plan) -> Vec<Suite> {
    suites::SUITES
        .iter()
        .filter(|suite| {
            plan.cells
                .iter()
                .any(|cell| cell.suite.as_str() == suite.name())
        })
        .map(|suite| Suite {
            name: suite.name().to_owned(),
            question: suite.question().to_owned(),
            method: suite.explain(&plan.profile),
        })
        .collect()
}

fn cleanup(journal: &Journal) -> Cleanup {
    let count = |wanted: fn(&Record) -> bool| {
        journal
            .records
            .iter()
            .filter(|record| wanted(record))
            .count() as u32
    };
    Cleanup {
        created: count(|record| matches!(record, Record::Intent { .. })),
        removed: count(|record| matches!(record, Record::Removed { .. })),
        left: journal
            .left_behind()
            .into_iter()
            .map(|(name, kind)| format!("{kind} {name}"))
            .collect(),
    }
}

/// Whether some check of the plan compares arms; without one no baseline is built.
pub fn compares(plan: &Plan) -> bool {
    let comparison = |id: &model::CheckId| {
        suites::check(id.as_str())
            .is_some_and(|(_, info)| matches!(info.method, Method::Comparison | Method::Count))
    };
    plan.cells
        .iter()
        .flat_map(|cell| &cell.checks)
        .any(|check| comparison(&check.id))
}
