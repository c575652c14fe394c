//! Rounds of starts.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::clock::{MonotonicNs, millis};
use engine::{InPlaceStart, ObserveError, Observing, Stamper, StartStamps, Started};
use model::{Arm, Role, Trial};
use stats::{Next, StopRule, Xoshiro};

use super::stop_rule;

/// Names of the readings of a trial.
pub(super) const FIRST_INSTRUCTION_MS: &str = "first_instruction_ms";
pub(super) const APP_READY_MS: &str = "app_ready_ms";
const STARTED_MS: &str = "runtime_started_ms";
/// What readings of starts in place begin with; where there are some, app-ready is their median.
pub(super) const IN_PLACE: &str = "in_place_";

/// Starts rounds until the stopping rule is content. Without a baseline a round has one start and
/// the planned number of rounds is made.
pub(super) async fn rounds(observing: &Observing<'_>) -> Result<(), ObserveError> {
    let plan = observing.profile.startup.clone();
    let rule = stop_rule(observing.profile, observing.cell.margin);
    // A control's rounds are fixed beforehand: it has to be caught, not measured.
    let (rule, plan_rounds) = match observing.cell.role {
        Role::Subject => (rule, plan.plan_rounds as usize),
        Role::Control => {
            let rounds = observing.profile.controls.startup_rounds as usize;
            (
                StopRule {
                    n_min: rounds,
                    n_max: rounds,
                    ..rule
                },
                rounds,
            )
        }
    };
    let arms: &[Arm] = if observing.baseline.is_some() {
        &Arm::ROUND
    } else {
        &[Arm::Candidate]
    };
    // The order is random but repeatable: the journal's cell and attempt seed it.
    let mut random = Xoshiro::new(seed(observing.cell.id.as_str(), observing.attempt));
    let mut kept: Vec<BTreeMap<Arm, f64>> = Vec::new();
    let mut last_failed = 0;
    for round in 0.. {
        let warmup = round < plan.warmup_rounds;
        let mut order = arms.to_vec();
        random.shuffle(&mut order);
        let mut values = BTreeMap::new();
        for (position, arm) in (0u32..).zip(order) {
            match start(observing, round, position, arm, warmup).await? {
                Outcome::Kept(ms) => {
                    values.insert(arm, ms);
                }
                Outcome::Rejected => {}
                Outcome::NotReady => return Ok(()),
            }
        }
        if warmup {
            continue;
        }
        last_failed = if values.len() == arms.len() {
            0
        } else {
            last_failed + 1
        };
        if last_failed >= MOST_REJECTED_IN_A_ROW {
            return Ok(());
        }
        kept.push(values);
        let next = decide(&rule, &kept, arms.len(), plan_rounds);
        observing.progress(
            kept.len() as u32,
            plan_rounds as u32,
            format!("{} rounds", kept.len()),
        );
        if next != Next::Continue {
            return Ok(());
        }
    }
    Ok(())
}

/// After so many rounds in a row with a rejected start the session is not worth going on with; the
/// judge then finds too few rounds and says so.
const MOST_REJECTED_IN_A_ROW: u32 = 5;

enum Outcome {
    Kept(f64),
    Rejected,
    NotReady,
}

async fn start(
    observing: &Observing<'_>,
    round: u32,
    position: u32,
    arm: Arm,
    warmup: bool,
) -> Result<Outcome, ObserveError> {
    let plan = &observing.profile.startup;
    let settle = Duration::from_millis(plan.settle_ms);
    let within = Duration::from_millis(plan.ready_deadline_ms);
    let began = observing.clock.monotonic();
    let container = match observing.start(arm, Stamper::InFront, within).await? {
        Started::Ready(container) => container,
        Started::NotReady => return Ok(Outcome::NotReady),
    };
    let stamps = *container.stamps();
    let in_place = container.in_place().to_vec();
    let rejected = container.disqualified().await.or(implausible(&stamps));
    // How it stops is the immutability suite's to see; here it would only make rounds longer.
    container.kill().await?;
    let values = readings(&stamps, &in_place);
    let ready = values.get(APP_READY_MS).copied();
    let trial = Trial {
        cell: observing.cell.id.clone(),
        attempt: observing.attempt,
        round,
        position,
        arm,
        warmup,
        values,
        rejected: rejected.clone(),
    };
    observing.trial(trial)?;
    observing.span("trial", observing.clock.monotonic().since(began))?;
    observing.clock.spin(settle);
    observing.span("settle", settle)?;
    match (rejected, ready) {
        (None, Some(ms)) => Ok(Outcome::Kept(ms)),
        _ => Ok(Outcome::Rejected),
    }
}

/// What a start reads. Where the platform is too busy with a container's own start, app-ready is the
/// median of the starts in place that follow it; every one of them is kept.
fn readings(stamps: &StartStamps, in_place: &[InPlaceStart]) -> BTreeMap<String, f64> {
    let between = |from: MonotonicNs, to: MonotonicNs| millis(to.since(from));
    let starts: Vec<f64> = in_place
        .iter()
        .map(|start| between(start.exec, start.ready))
        .collect();
    let ready = stats::median(&starts).unwrap_or_else(|_| between(stamps.requested, stamps.ready));
    let mut values = BTreeMap::from([
        (APP_READY_MS.to_owned(), ready),
        (
            STARTED_MS.to_owned(),
            between(stamps.requested, stamps.started),
        ),
    ]);
    for (number, ms) in (1..).zip(&starts) {
        values.insert(format!("{IN_PLACE}{number:02}_ms"), *ms);
    }
    if let Some(first) = stamps.first_instruction {
        values.insert(
            FIRST_INSTRUCTION_MS.to_owned(),
            between(stamps.requested, first),
        );
    }
    values
}

/// Why these stamps cannot be true.
fn implausible(stamps: &StartStamps) -> Option<String> {
    let Some(first) = stamps.first_instruction else {
        return Some("the stamper's line is missing".to_owned());
    };
    let order = [
        (
            "first instruction before the request",
            stamps.requested,
            first,
        ),
        ("ready before the first instruction", first, stamps.ready),
    ];
    order
        .into_iter()
        .find(|(_, a, b)| a > b)
        .map(|(what, ..)| what.to_owned())
}

fn decide(rule: &StopRule, kept: &[BTreeMap<Arm, f64>], arms: usize, planned: usize) -> Next {
    if arms == 1 {
        return if kept.len() >= planned {
            Next::Reached
        } else {
            Next::Continue
        };
    }
    let logs = |a: Arm, b: Arm| -> Vec<f64> {
        kept.iter()
            .filter_map(|round| Some((round.get(&a)? / round.get(&b)?).ln()))
            .collect()
    };
    let ab = logs(Arm::Candidate, Arm::Baseline);
    let aa = logs(Arm::BaselineAgain, Arm::Baseline);
    rule.decide(&ab, &aa)
}

/// A seed from the cell's name and the attempt (FNV-1a).
fn seed(cell: &str, attempt: u32) -> u64 {
    let bytes = cell.bytes().chain(attempt.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
