//! Each cell: its suite judges what was observed; whatever is undecided stays `not-run`.

use std::collections::BTreeMap;

use model::{
    Arm, CellId, CellVerdict, CheckId, CheckInfo, CheckResult, ImageFacts, Outcome, Plan,
    PlannedCell, Samples,
};

use crate::journal::{Journal, Record};
use crate::suite::{Judgement, Judging, Suite};

pub(super) fn judge(plan: &Plan, journal: &Journal, suites: &[&dyn Suite]) -> Vec<CellVerdict> {
    let samples = journal.samples();
    let self_comparisons = count_self_comparisons(plan, suites);
    plan.cells
        .iter()
        .map(|cell| one(plan, journal, suites, &samples, cell, self_comparisons))
        .collect()
}

/// Comparisons of a baseline with itself in the whole run, at least one.
pub(crate) fn count_self_comparisons(plan: &Plan, suites: &[&dyn Suite]) -> u32 {
    plan.cells
        .iter()
        .filter(|cell| cell.needs_session)
        .filter_map(|cell| {
            suites
                .iter()
                .find(|suite| suite.name() == cell.suite.as_str())
        })
        .map(|suite| suite.self_comparisons())
        .sum::<u32>()
        .max(1)
}

fn one(
    plan: &Plan,
    journal: &Journal,
    suites: &[&dyn Suite],
    samples: &BTreeMap<CellId, Samples>,
    cell: &PlannedCell,
    self_comparisons: u32,
) -> CellVerdict {
    let suite = suites
        .iter()
        .find(|suite| suite.name() == cell.suite.as_str());
    let infos = suite.map(|suite| suite.checks()).unwrap_or_default();
    let image = |arm: Arm| -> Option<&ImageFacts> {
        journal
            .images()
            .filter(|facts| facts.image == cell.image && facts.arm == arm)
            .last()
    };
    let none = Samples::default();
    let seen = samples.get(&cell.id).unwrap_or(&none);
    let mut invalid_session = None;
    let (judgement, undecided) = match (&seen.end, suite, image(Arm::Candidate)) {
        (Some(end), Some(suite), Some(candidate)) if end.ended == Outcome::Pass => {
            let judging = Judging {
                cell,
                profile: &plan.profile.on(cell.family),
                samples: seen,
                candidate,
                baseline: image(Arm::Baseline),
                platform: journal
                    .sessions()
                    .filter(|s| s.platform == cell.platform)
                    .last(),
                self_comparisons,
            };
            let judged = suite.judge(&judging);
            invalid_session = suite.invalid(&judging);
            (
                judged,
                (Outcome::NotRun, "the suite did not decide it".to_owned()),
            )
        }
        (Some(end), _, _) if end.ended != Outcome::Pass => {
            let reason = end
                .reason
                .clone()
                .unwrap_or_else(|| end.ended.word().to_owned());
            (Judgement::default(), (end.ended, reason))
        }
        _ => (
            Judgement::default(),
            (Outcome::NotRun, not_run(journal, cell)),
        ),
    };
    CellVerdict {
        invalid_session,
        ..assemble((plan, cell), &infos, judgement, &undecided)
    }
}

/// Why a cell has no end.
fn not_run(journal: &Journal, cell: &PlannedCell) -> String {
    let started = journal
        .records
        .iter()
        .any(|record| matches!(record, Record::CellStart { cell: id, .. } if *id == cell.id));
    if started {
        "the run broke off in the middle of it"
    } else {
        "it was never started"
    }
    .to_owned()
}

/// Puts the spec's own words beside a failure that it speaks of; why they are no longer true if the
/// check passed.
fn own_words(stated: &BTreeMap<CheckId, String>, result: &mut CheckResult) -> Option<String> {
    let why = stated.get(&result.id)?;
    match result.outcome {
        Outcome::Fail => {
            result.message = format!("{}; the spec says so itself: {why}", result.message);
            None
        }
        Outcome::Pass => {
            let id = &result.id;
            Some(format!(
                "the spec says that {id} fails, and it passed: `falls_short` is out of date"
            ))
        }
        _ => None,
    }
}

fn assemble(
    (plan, cell): (&Plan, &PlannedCell),
    infos: &[&CheckInfo],
    mut judgement: Judgement,
    (undecided, why): &(Outcome, String),
) -> CellVerdict {
    let mut checks: Vec<CheckResult> = Vec::new();
    let none = BTreeMap::new();
    let stated = plan
        .image(&cell.image)
        .map_or(&none, |image| &image.falls_short);
    for planned in &cell.checks {
        let info = infos.iter().find(|info| info.id == planned.id.as_str());
        let decided = judgement.checks.iter().find(|check| check.id == planned.id);
        let mut result = match (&planned.inapplicable, decided, info) {
            (Some(reason), seen, Some(info)) => {
                // What was seen all the same is told, and decides nothing.
                let seen =
                    seen.map_or_else(String::new, |seen| format!("; seen: {}", seen.message));
                CheckResult::new(info, Outcome::NotApplicable, format!("{reason}{seen}"))
            }
            (None, Some(result), _) => result.clone(),
            (_, None, Some(info)) => CheckResult::new(info, *undecided, why.clone()),
            // A plan that names a check this program does not have: never a pass.
            (_, _, None) => unknown(planned.id.clone()),
        };
        judgement.warnings.extend(own_words(stated, &mut result));
        checks.push(result);
    }
    let outcome = Outcome::fold(checks.iter().map(|check| check.outcome));
    // What ended the whole cell is no single check's doing.
    let reason = if judgement.checks.is_empty() && outcome == *undecided {
        why.clone()
    } else {
        reason(outcome, &checks)
    };
    CellVerdict {
        id: cell.id.clone(),
        image: cell.image.clone(),
        platform: cell.platform.clone(),
        arch: cell.arch,
        suite: cell.suite.clone(),
        role: cell.role,
        outcome,
        reason,
        checks,
        measurements: judgement.measurements,
        warnings: judgement.warnings,
        invalid_session: None,
    }
}

fn unknown(id: model::CheckId) -> CheckResult {
    CheckResult {
        title: format!("unknown check {id}"),
        id,
        outcome: Outcome::HarnessError,
        method: model::Method::Static,
        severity: model::Severity::High,
        message: "this program has no such check".to_owned(),
        evidence: Vec::new(),
        evidence_omitted: 0,
        remediation: Some("judge the run with the version that made it".to_owned()),
    }
}

pub(super) fn reason(outcome: Outcome, checks: &[CheckResult]) -> String {
    let decisive: Vec<&CheckResult> = checks.iter().filter(|c| c.outcome == outcome).collect();
    match (outcome, decisive.as_slice()) {
        (Outcome::Pass, _) => format!("{} of {} checks passed", decisive.len(), checks.len()),
        (_, [only]) => format!("{}: {}", only.id, only.message),
        (_, [first, rest @ ..]) => {
            format!("{}: {} (and {} more)", first.id, first.message, rest.len())
        }
        (_, []) => "no check was declared".to_owned(),
    }
}
