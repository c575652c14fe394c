//! Coverage of the interval of a slope ratio, with as few passes and steps as profiles ask for.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::simulate::{Noise, assert_rate, average, share};

type Pass = Vec<(f64, f64)>;

/// What is wrong with a reading. MiB; a container costs 10 in the second arm.
#[derive(Debug, Clone, Copy)]
struct Errors {
    /// Each reading by itself.
    reading: f64,
    /// Each container, for as long as it runs.
    container: f64,
    /// Pages shared by all containers of a pass, paid by the first reading: the passes' starts.
    start: f64,
    /// Slope of a whole pass of one arm, as a share of the slope.
    pass: f64,
    /// Share of readings with 30 MiB too much.
    spikes: f64,
}

const CALM: Errors = Errors {
    reading: 0.0,
    container: 0.0,
    start: 20.0,
    pass: 0.0,
    spikes: 0.0,
};

fn pass(noise: &mut Noise, steps: &[u32], cost: f64, errors: Errors) -> Pass {
    let cost = cost * (1.0 + errors.pass * noise.normal());
    let (mut running, mut bytes) = (0, errors.start * noise.uniform());
    let mut read = |step: &u32| {
        while running < *step {
            running += 1;
            bytes += cost + errors.container * noise.normal();
        }
        let spike = if noise.chance(errors.spikes) {
            30.0
        } else {
            0.0
        };
        (
            f64::from(*step),
            bytes + spike + errors.reading * noise.normal(),
        )
    };
    steps.iter().map(&mut read).collect()
}

fn arms(
    noise: &mut Noise,
    passes: usize,
    steps: &[u32],
    ratio: f64,
    errors: Errors,
) -> [Vec<Pass>; 2] {
    [10.0 * ratio, 10.0].map(|cost| {
        (0..passes)
            .map(|_| pass(noise, steps, cost, errors))
            .collect()
    })
}

fn coverage(passes: usize, steps: &[u32], level: f64, errors: Errors) -> (f64, u32) {
    let runs = 2000;
    let covered = share(runs, passes as u64 * 100 + steps.len() as u64, |noise| {
        let [a, b] = arms(noise, passes, steps, 1.1, errors);
        // No interval is no claim either.
        slope_ratio(&a, &b, level).map_or(true, |found| !found.ratio.excludes(1.1))
    });
    (covered, runs)
}

const SMOKE: &[u32] = &[2, 3, 4, 5, 6];
const STANDARD: &[u32] = &[2, 6, 10, 14, 18, 22];
const FOUR: &[u32] = &[1, 11, 21, 31];
const EIGHT: &[u32] = &[2, 4, 8, 12, 16, 24, 32, 40];

/// Containers that differ: the interval has its level, by ranks and by t.
#[test]
fn coverage_when_containers_differ() {
    let errors = Errors {
        container: 1.0,
        ..CALM
    };
    for (passes, steps, level, most) in [
        (2, FOUR, 0.95, 0.97),
        (2, SMOKE, 0.95, 0.97),
        (2, SMOKE, 0.995, 0.996),
        (1, SMOKE, 0.95, 0.96),
        (3, EIGHT, 0.95, 0.955),
        (5, STANDARD, 0.95, 0.955),
        (6, STANDARD, 0.95, 0.975),
        (6, STANDARD, 0.995, 1.0),
    ] {
        let (covered, runs) = coverage(passes, steps, level, errors);
        assert_rate(covered, runs, level, most);
    }
}

/// Readings that err: neighbouring increments err in opposite directions, so the interval is wider
/// than it needs to be, never narrower; spikes do not break it.
#[test]
fn coverage_when_readings_err() {
    for errors in [
        Errors {
            reading: 5.0,
            ..CALM
        },
        Errors {
            reading: 1.0,
            container: 1.0,
            ..CALM
        },
        Errors {
            reading: 0.5,
            spikes: 0.05,
            ..CALM
        },
    ] {
        for (passes, steps) in [(2, FOUR), (2, SMOKE), (4, EIGHT), (6, STANDARD)] {
            let (covered, runs) = coverage(passes, steps, 0.95, errors);
            assert_rate(covered, runs, 0.95, 1.0);
        }
    }
}

/// Slopes that differ by pass in one arm alone, by 2 % where containers differ by 10 %: six passes
/// are units and do not care. The stated limit is that of increments: two short passes hardly
/// notice, four long ones lose eight points.
#[test]
fn coverage_when_passes_differ() {
    let errors = Errors {
        container: 1.0,
        pass: 0.02,
        ..CALM
    };
    for (passes, steps, least) in [(6, STANDARD, 0.95), (2, SMOKE, 0.94), (4, STANDARD, 0.86)] {
        let (covered, runs) = coverage(passes, steps, 0.95, errors);
        assert_rate(covered, runs, least, 0.975);
    }
}

/// Readings that err by themselves: whole passes do not pay for it with width.
#[test]
fn six_passes_are_not_wide() {
    let errors = Errors {
        reading: 3.0,
        ..CALM
    };
    let width = |passes, seed| {
        average(200, seed, |noise| {
            let [a, b] = arms(noise, passes, STANDARD, 1.0, errors);
            slope_ratio(&a, &b, 0.95).map_or(f64::NAN, |found| found.ratio.half_width())
        })
    };
    let (six, five) = (width(6, 1), width(5, 2));
    assert!(six < 0.04 && six < 0.7 * five, "{six} {five}");
}

#[test]
fn exact_lines_give_exact_ratios() {
    let line = |cost: f64| {
        vec![
            SMOKE
                .iter()
                .map(|n| (f64::from(*n), 7.0 + cost * f64::from(*n)))
                .collect::<Pass>();
            2
        ]
    };
    for level in [0.95, 0.9999] {
        let found = slope_ratio(&line(3.0), &line(4.0), level).unwrap();
        assert_eq!((found.slope_a, found.slope_b), (3.0, 4.0));
        assert_eq!(
            (found.ratio.estimate, found.ratio.low, found.ratio.high),
            (0.75, 0.75, 0.75)
        );
        assert_eq!((found.ratio.n, found.ratio.level), (8, level));
    }
}

#[test]
fn steps_that_one_arm_lacks_are_left_out() {
    let a = vec![vec![(2.0, 6.0), (10.0, 30.0), (6.0, 18.0), (4.0, 12.0)]];
    let b = vec![vec![(2.0, 3.0), (4.0, 6.0), (8.0, 99.0), (10.0, 15.0)]];
    let found = slope_ratio(&a, &b, 0.5).unwrap();
    assert_eq!((found.ratio.n, found.ratio.estimate), (2, 2.0));
}

#[test]
fn bad_input_is_an_error() {
    let rising = vec![vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.1)]; 2];
    let flat = vec![vec![(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)]; 2];
    let two = vec![vec![(1.0, 1.0), (2.0, 2.0)]];
    let strange = vec![vec![(1.0, 1.0), (2.0, f64::NAN)]; 2];
    let elsewhere = vec![vec![(5.0, 1.0), (6.0, 2.0)]; 2];
    let at = |a: &[Pass], b: &[Pass], level| slope_ratio(a, b, level);
    assert_eq!(
        at(&rising, &two, 0.95),
        Err(StatsError::Lengths { a: 2, b: 1 })
    );
    assert_eq!(
        at(&two, &two, 0.95),
        Err(StatsError::TooFew {
            needed: 2,
            given: 1
        })
    );
    assert_eq!(
        at(&rising, &elsewhere, 0.95),
        Err(StatsError::TooFew {
            needed: 2,
            given: 0
        })
    );
    assert!(at(&rising, &strange, 0.95).is_err());
    assert!(at(&[], &[], 0.95).is_err());
    assert!(matches!(
        at(&rising, &rising, 1.0),
        Err(StatsError::Probability(_))
    ));
    for level in [0.9, 0.999] {
        assert_eq!(at(&rising, &flat, level), Err(StatsError::NoDenominator));
        assert!(at(&flat, &rising, level).unwrap().ratio.high <= 1e-9);
    }
}

proptest! {
    #[test]
    fn holds_its_estimate_and_never_panics(
        ys in prop::collection::vec((-50.0..50.0f64, -5.0..50.0f64), 3..9),
        passes in 1usize..4,
        level in 0.5..0.999f64,
    ) {
        let block = |pick: fn(&(f64, f64)) -> f64| -> Vec<Pass> {
            let at = |(x, y)| (f64::from(x), 20.0 * f64::from(x) + pick(y));
            let points = (0u32..).zip(&ys).map(at);
            vec![points.collect(); passes]
        };
        if let Ok(found) = slope_ratio(&block(|y| y.0), &block(|y| y.1), level) {
            let Interval { estimate, low, high, .. } = found.ratio;
            prop_assert!(low <= estimate && estimate <= high, "{:?}", found);
        }
    }

    #[test]
    fn scales_with_the_arms(
        ys in prop::collection::vec(-3.0..3.0f64, 7..12),
        scale in 0.1..9.0f64,
    ) {
        let block = |factor: f64, tilt: f64| -> Vec<Pass> {
            let line = |(x, y)| (f64::from(x), factor * (20.0 * f64::from(x) + tilt * y));
            let points = (0u32..).zip(&ys).map(line);
            vec![points.collect()]
        };
        let plain = slope_ratio(&block(1.0, 1.0), &block(1.0, -1.0), 0.95).unwrap().ratio;
        let scaled = slope_ratio(&block(scale, 1.0), &block(1.0, -1.0), 0.95).unwrap().ratio;
        prop_assert!((scaled.low / scale - plain.low).abs() < 1e-9);
        prop_assert!((scaled.high / scale - plain.high).abs() < 1e-9);
    }
}
