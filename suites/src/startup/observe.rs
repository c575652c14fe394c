//! Rounds of starts.

use std::collections::BTreeMap;

use engine::{ObserveError, Observing};
use model::{Arm, Role};
use stats::{Next, StopRule, Xoshiro};

use super::round::Round;
use super::stop_rule;

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
        let made = Round {
            observing,
            round,
            warmup,
        };
        let made = if observing.session()?.takes_turns() {
            made.in_turn(&order).await?
        } else {
            made.one_by_one(&order).await?
        };
        let Some(values) = made else {
            return Ok(());
        };
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
