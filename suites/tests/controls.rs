//! Controls are sized so that a sound harness misses one less than once in ten thousand runs.

#![allow(clippy::unwrap_used)]

use model::{PlatformFamily, Profile};
use stats::{Criterion, Xoshiro};

/// The least effect a shipped run-time control may have, as a ratio; what the main job's test
/// demands of the real ones.
const LEAST_EFFECT: f64 = 2.0;
/// Spread of the log ratio of two starts of one round, on a busy machine.
const SPREAD_LOG: f64 = 0.15;
/// The miss rate that the plan allows.
const MISS_RATE: f64 = 1e-4;
/// Simulated runs: no miss among so many bounds the rate below [`MISS_RATE`] at 95 %.
const RUNS: u32 = 30_000;

fn profiles() -> Vec<Profile> {
    let read = |(name, text): &(&str, &str)| Profile::from_yaml(name, text).unwrap();
    suites::PROFILES.iter().map(read).collect()
}

/// About normal: the sum of twelve uniform numbers less six.
fn normal(random: &mut Xoshiro) -> f64 {
    let uniform = |random: &mut Xoshiro| random.below(1 << 32) as f64 / f64::from(u32::MAX);
    (0..12).map(|_| uniform(random)).sum::<f64>() - 6.0
}

#[test]
fn startup_controls_are_missed_less_than_once_in_ten_thousand_runs() {
    for profile in profiles() {
        let families = [
            (PlatformFamily::Oci, profile.margin.oci),
            (PlatformFamily::Kubernetes, profile.margin.kubernetes),
        ];
        for (family, margin) in families {
            let planned = profile.on(family).controls.startup_rounds as usize;
            let needed =
                stats::rounds_for_miss_rate(LEAST_EFFECT.ln(), SPREAD_LOG, margin, MISS_RATE)
                    .unwrap();
            let name = &profile.name;
            assert!(
                planned >= needed,
                "{name} on {family:?}: {planned} < {needed}"
            );
        }
    }
}

#[test]
fn density_controls_are_missed_less_than_once_in_ten_thousand_runs() {
    for profile in profiles() {
        let plan = &profile.controls.density;
        let mut random = Xoshiro::new(0xc0de);
        // A container costs one unit; a reading of all of them is off by a tenth of one.
        let mut arm = |cost: f64| -> Vec<Vec<(f64, f64)>> {
            let step = |at: &u32, random: &mut Xoshiro| {
                let containers = f64::from(*at);
                (containers, 5.0 + cost * containers + 0.1 * normal(random))
            };
            (0..plan.passes)
                .map(|_| plan.steps.iter().map(|at| step(at, &mut random)).collect())
                .collect()
        };
        let missed = (0..RUNS).filter(|_| {
            let ratio = stats::slope_ratio(&arm(LEAST_EFFECT), &arm(1.0), 0.95);
            ratio.map_or(true, |slopes| {
                stats::not_worse_than(&slopes.ratio, profile.margin.oci) != Criterion::Beyond
            })
        });
        assert_eq!(missed.count(), 0, "{}", profile.name);
    }
}
