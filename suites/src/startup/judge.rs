//! Judging starts: two metrics, each with its comparison of the baseline with itself.

use engine::{Judgement, Judging, NOT_READY, NotReady};
use model::{Arm, CheckResult, Evidence, Measurement, Outcome, Role, Samples};
use stats::{Criterion, Next};

use super::readings::{APP_READY_MS, FIRST_INSTRUCTION_MS, IN_PLACE};
use super::{APP_READY, stop_rule};
use crate::pairs::{Rounds, estimate, ratio};

/// Metric, reading and title of each comparison.
const METRICS: [(&str, &str, &str); 2] = [
    (
        "startup.warm.app-ready",
        APP_READY_MS,
        "warm start to the first correct answer",
    ),
    (
        "startup.warm.first-instruction",
        FIRST_INSTRUCTION_MS,
        "warm start to the first instruction",
    ),
];

pub(super) fn invalid(judging: &Judging<'_>) -> Option<String> {
    METRICS.iter().find_map(|(metric, reading, _)| {
        let rounds = Rounds::of(judging.samples, reading);
        let pair = rounds.pair(Arm::BaselineAgain, Arm::Baseline);
        let d = stats::log_ratios(&pair.a, &pair.b).ok()?;
        let interval = stats::session_invalid(&d, judging.self_comparisons)
            .ok()??
            .exp();
        Some(format!(
            "{metric}: the baseline differs from itself, ratio {:.3} ({:.3} – {:.3})",
            interval.estimate, interval.low, interval.high
        ))
    })
}

pub(super) fn judge(judging: &Judging<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if let Some(result) = not_ready(judging) {
        judgement.checks.push(result);
        return judgement;
    }
    for (metric, reading, title) in METRICS {
        let rounds = Rounds::of(judging.samples, reading);
        let title = if metric == APP_READY.id && is_in_place(judging.samples) {
            "warm start in place, from exec to the first correct answer"
        } else {
            title
        };
        judgement
            .measurements
            .extend(measure(judging, metric, title, &rounds));
    }
    let rounds = Rounds::of(judging.samples, APP_READY_MS);
    for arm in [Arm::Candidate, Arm::Baseline] {
        if let Some(modes) = stats::bimodal(&rounds.arm(arm)) {
            judgement.warnings.push(format!(
                "app-ready of the {} has two modes ({modes}): do not trust its median",
                arm.word()
            ));
        }
    }
    if rounds.attempt > 0 {
        judgement.warnings.push(format!(
            "{} session(s) before this one were invalid: the baseline differed from itself",
            rounds.attempt
        ));
    }
    judgement.checks.push(decide(judging, &rounds));
    judgement
}

/// Whether app-ready is the median of starts in place.
fn is_in_place(samples: &Samples) -> bool {
    let mut trials = samples.trials.iter();
    trials.any(|trial| trial.values.keys().any(|key| key.starts_with(IN_PLACE)))
}

/// A candidate that never became ready fails, with what it said last.
fn not_ready(judging: &Judging<'_>) -> Option<CheckResult> {
    let fact = judging
        .samples
        .observations
        .iter()
        .find(|fact| fact.kind == NOT_READY)?;
    let NotReady { why, output } = serde_json::from_value(fact.body.clone()).ok()?;
    let evidence = Evidence {
        subject: judging.cell.image.to_string(),
        expected: "ready".to_owned(),
        found: output,
        owner: None,
    };
    let message = format!("it never became ready: {why}");
    Some(CheckResult::with_evidence(
        &APP_READY,
        Outcome::Fail,
        message,
        vec![evidence],
    ))
}

fn measure(judging: &Judging<'_>, metric: &str, title: &str, rounds: &Rounds) -> Vec<Measurement> {
    let criterion = metric == APP_READY.id;
    [
        (Arm::Candidate, Arm::Baseline),
        (Arm::BaselineAgain, Arm::Baseline),
    ]
    .into_iter()
    .filter_map(|(a, b)| {
        let pair = rounds.pair(a, b);
        // With one arm only the median can be given.
        let alone = pair.a.is_empty() && a == Arm::Candidate;
        let left = if alone { rounds.arm(a) } else { pair.a.clone() };
        let d = stats::log_ratios(&pair.a, &pair.b).unwrap_or_default();
        Some(Measurement {
            metric: metric.to_owned(),
            title: title.to_owned(),
            unit: "ms".to_owned(),
            arm_a: if a == Arm::BaselineAgain {
                Arm::Baseline
            } else {
                a
            },
            arm_b: b,
            n: u32::try_from(left.len()).unwrap_or(u32::MAX),
            rejected: u32::try_from(rounds.rejected.len()).unwrap_or(u32::MAX),
            median_a: stats::median(&left).ok()?,
            median_b: stats::median(&pair.b).unwrap_or(0.0),
            ratio: ratio(&pair, 0.95).as_ref().map(estimate),
            ratio_90: ratio(&pair, 0.90).as_ref().map(estimate),
            detectable: stats::detectable_effect(&d).ok(),
            limit: (criterion && a == Arm::Candidate).then_some(1.0 + judging.cell.margin),
            method: "Hodges-Lehmann ratio, signed-rank interval, paired by round".to_owned(),
            series: if a == Arm::Candidate {
                rounds.series()
            } else {
                Vec::new()
            },
        })
    })
    .collect()
}

fn decide(judging: &Judging<'_>, rounds: &Rounds) -> CheckResult {
    let say = |outcome, message: String| CheckResult::new(&APP_READY, outcome, message);
    if judging.baseline.is_none() {
        return say(
            Outcome::Blocked,
            "there is no baseline to compare with".to_owned(),
        );
    }
    let pair = rounds.pair(Arm::Candidate, Arm::Baseline);
    let least = match judging.cell.role {
        Role::Subject => judging.profile.startup.min_rounds,
        Role::Control => judging.profile.controls.startup_rounds,
    } as usize;
    if pair.a.len() < least {
        let why = rounds.rejected.first().map_or("", String::as_str);
        let message = format!(
            "{} of at least {least} rounds could be used; {why}",
            pair.a.len()
        );
        return say(Outcome::Inconclusive, message);
    }
    if let Some(why) = invalid(judging) {
        return say(Outcome::Inconclusive, why);
    }
    let Some(interval) = ratio(&pair, 0.95) else {
        return say(
            Outcome::Inconclusive,
            "no interval could be formed".to_owned(),
        );
    };
    let limit = 1.0 + judging.cell.margin;
    let number = format!(
        "ratio {} over {} rounds, limit {limit:.2}",
        estimate(&interval),
        interval.n
    );
    match stats::not_worse_than(&interval, judging.cell.margin) {
        // A lucky interval of a host that never reached the planned precision shows nothing.
        Criterion::Within if !is_precise(judging, rounds) => say(
            Outcome::Inconclusive,
            format!("the host is too noisy for this profile, wider than planned: {number}"),
        ),
        Criterion::Within => say(Outcome::Pass, number),
        Criterion::Beyond => say(Outcome::Fail, format!("slower than the limit: {number}")),
        Criterion::Undecided => say(Outcome::Inconclusive, format!("not decided: {number}")),
    }
}

/// Whether both intervals are as narrow as planned. A control's rounds are fixed beforehand.
fn is_precise(judging: &Judging<'_>, rounds: &Rounds) -> bool {
    let logs = |a: Arm| {
        let pair = rounds.pair(a, Arm::Baseline);
        stats::log_ratios(&pair.a, &pair.b).unwrap_or_default()
    };
    let rule = stop_rule(judging.profile, judging.cell.margin);
    let next = rule.decide(&logs(Arm::Candidate), &logs(Arm::BaselineAgain));
    judging.cell.role == Role::Control || next == Next::Reached
}
