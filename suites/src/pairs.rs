//! Pairs of trials of one round, as every comparison of starts uses them.

use std::collections::BTreeMap;

use model::{Arm, Estimate, Point, Samples, Trial};

/// The values of one metric by round, of the last attempt, warm-ups and rejected trials aside.
pub(crate) struct Rounds {
    rounds: BTreeMap<u32, BTreeMap<Arm, f64>>,
    /// Trials of the last attempt that do not count, with their reasons.
    pub(crate) rejected: Vec<String>,
    /// The last attempt, from 0.
    pub(crate) attempt: u32,
}

/// Values of two arms, paired by round.
pub(crate) struct Paired {
    pub(crate) a: Vec<f64>,
    pub(crate) b: Vec<f64>,
}

impl Rounds {
    /// Collects `metric` from the last attempt.
    pub(crate) fn of(samples: &Samples, metric: &str) -> Self {
        let attempt = samples
            .trials
            .iter()
            .map(|trial| trial.attempt)
            .max()
            .unwrap_or(0);
        let current = |trial: &&Trial| trial.attempt == attempt && !trial.warmup;
        let mut rounds: BTreeMap<u32, BTreeMap<Arm, f64>> = BTreeMap::new();
        let mut rejected = Vec::new();
        for trial in samples.trials.iter().filter(current) {
            match (&trial.rejected, trial.values.get(metric)) {
                (None, Some(value)) => {
                    rounds
                        .entry(trial.round)
                        .or_default()
                        .insert(trial.arm, *value);
                }
                (Some(why), _) => rejected.push(why.clone()),
                (None, None) => rejected.push(format!("no {metric}")),
            }
        }
        Self {
            rounds,
            rejected,
            attempt,
        }
    }

    /// The rounds in which both arms have a value.
    pub(crate) fn pair(&self, a: Arm, b: Arm) -> Paired {
        let both = |arms: &BTreeMap<Arm, f64>| Some((*arms.get(&a)?, *arms.get(&b)?));
        let (a, b) = self.rounds.values().filter_map(both).unzip();
        Paired { a, b }
    }

    /// Every value in the order of rounds, for plots.
    pub(crate) fn series(&self) -> Vec<Point> {
        let mut series = Vec::new();
        for (round, arms) in &self.rounds {
            for (arm, value) in arms {
                series.push(Point {
                    round: *round,
                    arm: *arm,
                    value: *value,
                    containers: None,
                });
            }
        }
        series
    }

    /// All values of one arm.
    pub(crate) fn arm(&self, arm: Arm) -> Vec<f64> {
        self.rounds
            .values()
            .filter_map(|arms| arms.get(&arm).copied())
            .collect()
    }
}

/// A statistic's interval as the report carries it.
pub(crate) const fn estimate(interval: &stats::Interval) -> Estimate {
    Estimate {
        value: interval.estimate,
        low: interval.low,
        high: interval.high,
        level: interval.level,
    }
}

/// Ratio a / b of paired values at one level.
pub(crate) fn ratio(pair: &Paired, level: f64) -> Option<stats::Interval> {
    let d = stats::log_ratios(&pair.a, &pair.b).ok()?;
    stats::signed_rank(&d, level)
        .ok()
        .map(|interval| interval.exp())
}
