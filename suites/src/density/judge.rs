//! Judging memory by slopes, disk by counting.

use std::collections::BTreeMap;

use engine::{Judgement, Judging, NOT_READY, NotReady};
use model::{Arm, CheckResult, Evidence, Measurement, Outcome, Point, Samples, Trial};
use stats::{Criterion, SlopeRatio};

use super::observe::{CONTAINERS, PSS, WORKING_SET};
use super::{DISK, MARGINAL};
use crate::pairs::estimate;
use crate::sizes;

type Pass = Vec<(f64, f64)>;

pub(super) fn invalid(judging: &Judging<'_>) -> Option<String> {
    let level = 1.0 - 0.01 / f64::from(judging.self_comparisons);
    let slopes = compare(judging.samples, Arm::BaselineAgain, Arm::Baseline, level)?;
    slopes.ratio.excludes(1.0).then(|| {
        format!(
            "density.memory.marginal: the baseline differs from itself, ratio {:.3} ({:.3} – {:.3})",
            slopes.ratio.estimate, slopes.ratio.low, slopes.ratio.high
        )
    })
}

pub(super) fn judge(judging: &Judging<'_>) -> Judgement {
    let mut judgement = Judgement {
        checks: vec![disk(judging)],
        measurements: sizes::measure(judging.candidate, judging.baseline),
        warnings: Vec::new(),
    };
    if super::is_memory_meaningless(judging.cell) {
        return judgement;
    }
    if let Some(result) = not_ready(judging) {
        judgement.checks.push(result);
        return judgement;
    }
    for (a, b) in [
        (Arm::Candidate, Arm::Baseline),
        (Arm::BaselineAgain, Arm::Baseline),
    ] {
        judgement.measurements.extend(measure(judging, a, b));
    }
    if reading(judging.samples) == PSS {
        judgement.warnings.push(
            "memory is the sum of proportional set sizes: this session has no control group to \
             read, so kernel memory of the containers is not in it"
                .to_owned(),
        );
    }
    let attempt = last_attempt(judging.samples);
    if attempt > 0 {
        judgement.warnings.push(format!(
            "{attempt} session(s) before this one were invalid: the baseline differed from itself"
        ));
    }
    judgement.checks.push(memory(judging));
    judgement
}

fn memory(judging: &Judging<'_>) -> CheckResult {
    let say = |outcome, message: String| CheckResult::new(&MARGINAL, outcome, message);
    if judging.baseline.is_none() {
        return say(
            Outcome::Blocked,
            "there is no baseline to compare with".to_owned(),
        );
    }
    if let Some(why) = invalid(judging) {
        return say(Outcome::Inconclusive, why);
    }
    let Some(slopes) = compare(judging.samples, Arm::Candidate, Arm::Baseline, 0.95) else {
        return say(
            Outcome::Inconclusive,
            "too few readings for a slope".to_owned(),
        );
    };
    let limit = 1.0 + judging.cell.margin;
    let number = format!(
        "{:.2} MiB per container against {:.2}, ratio {}, limit {limit:.2}",
        slopes.slope_a / 1_048_576.0,
        slopes.slope_b / 1_048_576.0,
        estimate(&slopes.ratio)
    );
    match stats::not_worse_than(&slopes.ratio, judging.cell.margin) {
        Criterion::Within => say(Outcome::Pass, number),
        Criterion::Beyond => say(Outcome::Fail, format!("more than the limit: {number}")),
        Criterion::Undecided => say(Outcome::Inconclusive, format!("not decided: {number}")),
    }
}

fn disk(judging: &Judging<'_>) -> CheckResult {
    let Some(baseline) = judging.baseline else {
        let message = "there is no baseline to compare with";
        return CheckResult::new(&DISK, Outcome::Blocked, message);
    };
    let (a, b) = (judging.candidate.file_bytes, baseline.file_bytes);
    #[allow(
        clippy::cast_precision_loss,
        reason = "sizes of images are far below 2^52"
    )]
    let within = a as f64 <= b as f64 * (1.0 + judging.cell.margin);
    let outcome = if within { Outcome::Pass } else { Outcome::Fail };
    let limit = 1.0 + judging.cell.margin;
    CheckResult::new(
        &DISK,
        outcome,
        format!("{a} bytes of files against {b}, limit {limit:.2}"),
    )
}

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
        &MARGINAL,
        Outcome::Fail,
        message,
        vec![evidence],
    ))
}

fn measure(judging: &Judging<'_>, a: Arm, b: Arm) -> Option<Measurement> {
    let slopes = compare(judging.samples, a, b, 0.95);
    let at_90 = compare(judging.samples, a, b, 0.90);
    let unit = reading(judging.samples);
    let trials = current(judging.samples);
    let used = trials
        .iter()
        .filter(|t| t.rejected.is_none() && (t.arm == a || t.arm == b));
    let rejected = trials.iter().filter(|t| t.rejected.is_some()).count();
    let candidate = a == Arm::Candidate;
    Some(Measurement {
        metric: MARGINAL.id.to_owned(),
        title: "memory of one more container".to_owned(),
        unit: "bytes".to_owned(),
        arm_a: if candidate { a } else { Arm::Baseline },
        arm_b: b,
        n: u32::try_from(used.count()).unwrap_or(u32::MAX),
        rejected: u32::try_from(rejected).unwrap_or(u32::MAX),
        median_a: slopes
            .as_ref()
            .map_or_else(|| alone(judging.samples, a), |s| Some(s.slope_a))?,
        median_b: slopes.as_ref().map_or(0.0, |s| s.slope_b),
        ratio: slopes.as_ref().map(|s| estimate(&s.ratio)),
        ratio_90: at_90.as_ref().map(|s| estimate(&s.ratio)),
        detectable: slopes.as_ref().map(|s| s.ratio.half_width()),
        limit: candidate.then_some(1.0 + judging.cell.margin),
        method: format!(
            "ratio of slopes of {unit} over containers, interval over what each step added"
        ),
        series: if candidate {
            series(&trials, unit)
        } else {
            Vec::new()
        },
    })
}

/// The slope of one arm by itself, for runs without a baseline.
fn alone(samples: &Samples, arm: Arm) -> Option<f64> {
    let points: Pass = passes(samples, arm).into_values().flatten().collect();
    stats::theil_sen(&points).ok()
}

fn compare(samples: &Samples, a: Arm, b: Arm, level: f64) -> Option<SlopeRatio> {
    // Only passes that both arms finished are comparable.
    let (a, b) = (passes(samples, a), passes(samples, b));
    let both = |one: &BTreeMap<u32, Pass>, other: &BTreeMap<u32, Pass>| -> Vec<Pass> {
        one.iter()
            .filter(|(round, _)| other.contains_key(round))
            .map(|(_, p)| p.clone())
            .collect()
    };
    stats::slope_ratio(&both(&a, &b), &both(&b, &a), level).ok()
}

/// Passes of an arm by round; a pass with a rejected step is left out whole.
fn passes(samples: &Samples, arm: Arm) -> BTreeMap<u32, Pass> {
    let unit = reading(samples);
    let mut passes: BTreeMap<u32, Pass> = BTreeMap::new();
    let mut broken: Vec<u32> = Vec::new();
    for trial in current(samples)
        .into_iter()
        .filter(|trial| trial.arm == arm)
    {
        match (
            &trial.rejected,
            trial.values.get(CONTAINERS),
            trial.values.get(unit),
        ) {
            (None, Some(n), Some(bytes)) => {
                passes.entry(trial.round).or_default().push((*n, *bytes));
            }
            _ => broken.push(trial.round),
        }
    }
    passes.retain(|round, _| !broken.contains(round));
    passes
}

/// What is compared: the working set where every reading has one, else proportional set sizes.
fn reading(samples: &Samples) -> &'static str {
    let trials = current(samples);
    let everywhere = trials
        .iter()
        .all(|trial| trial.values.contains_key(WORKING_SET));
    if everywhere && !trials.is_empty() {
        WORKING_SET
    } else {
        PSS
    }
}

fn last_attempt(samples: &Samples) -> u32 {
    samples
        .trials
        .iter()
        .map(|trial| trial.attempt)
        .max()
        .unwrap_or(0)
}

fn current(samples: &Samples) -> Vec<&Trial> {
    let attempt = last_attempt(samples);
    samples
        .trials
        .iter()
        .filter(|trial| trial.attempt == attempt)
        .collect()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small counts"
)]
fn series(trials: &[&Trial], unit: &str) -> Vec<Point> {
    trials
        .iter()
        .filter(|trial| trial.rejected.is_none())
        .filter_map(|trial| {
            Some(Point {
                round: trial.round,
                arm: trial.arm,
                value: *trial.values.get(unit)?,
                containers: trial.values.get(CONTAINERS).map(|n| *n as u32),
            })
        })
        .collect()
}
