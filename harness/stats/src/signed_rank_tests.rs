//! Properties and promised coverage of the signed-rank interval.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::simulate::{assert_rate, share};

#[test]
fn least_lengths() {
    for (level, needed) in [
        (0.5, 2),
        (0.9, 5),
        (0.95, 6),
        (0.99, 8),
        (0.995, 9),
        (0.9966, 10),
    ] {
        let d = vec![0.1; needed];
        assert_eq!(signed_rank(&d, level).unwrap().n, needed);
        let short = StatsError::TooFew {
            needed,
            given: needed - 1,
        };
        assert_eq!(signed_rank(&d[1..], level), Err(short));
    }
}

#[test]
fn bad_input_is_an_error() {
    assert_eq!(
        signed_rank(&[f64::NAN; 9], 0.95),
        Err(StatsError::NotFinite { index: 0 })
    );
    for level in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(
            matches!(
                signed_rank(&[0.0; 9], level),
                Err(StatsError::Probability(_))
            ),
            "{level}"
        );
    }
    assert!(signed_rank(&[], 0.95).is_err());
    // No average of finite values overflows.
    let huge = signed_rank(&[f64::MAX; 60], 0.95).unwrap();
    assert_eq!(
        (huge.low, huge.estimate, huge.high),
        (f64::MAX, f64::MAX, f64::MAX)
    );
}

#[test]
fn the_approximation_continues_the_exact_count() {
    for level in [0.9, 0.95, 0.99, 0.995] {
        let tail = (1.0 - level) / 2.0;
        for n in 20..=EXACT_UP_TO {
            // The approximation is at most one average of a thousand narrower, or a few wider.
            let (exact, approximate) = (exact_rank(n, tail), approximate_rank(n, tail));
            let wider = (exact + 1).checked_sub(approximate);
            assert!(
                wider.is_some_and(|by| by <= 7),
                "{n} {level}: {exact} {approximate}"
            );
        }
    }
}

/// The interval is distribution-free: never below its level, and above only because ranks are
/// whole.
#[test]
fn coverage() {
    for (n, sd, level, most) in [
        (6, 0.1, 0.95, 0.97),
        (20, 0.2, 0.95, 0.955),
        (20, 0.6, 0.9, 0.91),
        (60, 0.1, 0.95, 0.955),
        (120, 0.3, 0.995, 0.9955),
    ] {
        let runs = 4000;
        let covered = share(runs, n as u64, |noise| {
            let d = noise.pairs(n, sd, 1.07);
            !signed_rank(&d, level).unwrap().excludes(1.07f64.ln())
        });
        assert_rate(covered, runs, level, most);
    }
}

proptest! {
    #[test]
    fn is_what_sorting_all_averages_gives(
        d in prop::collection::vec(-3i32..3, 6..70),
        level in prop::sample::select(vec![0.8, 0.9, 0.95]),
    ) {
        let d: Vec<f64> = d.into_iter().map(f64::from).collect();
        let mut walsh = Vec::new();
        for i in 0..d.len() {
            walsh.extend(d[i..].iter().map(|other| (d[i] + other) / 2.0));
        }
        let estimate = crate::median(&walsh).unwrap();
        walsh.sort_unstable_by(f64::total_cmp);
        let cut = usize::try_from(critical_rank(d.len(), level).unwrap()).unwrap();
        let found = signed_rank(&d, level).unwrap();
        prop_assert_eq!(found.estimate, estimate);
        prop_assert_eq!((found.low, found.high), (walsh[cut - 1], walsh[walsh.len() - cut]));
    }

    #[test]
    fn follows_shift_scale_and_sign(
        d in prop::collection::vec(-1.0..1.0f64, 6..60),
        shift in -5.0..5.0f64,
        scale in 0.1..10.0f64,
    ) {
        let plain = signed_rank(&d, 0.95).unwrap();
        let moved: Vec<f64> = d.iter().map(|d| shift - scale * d).collect();
        let moved = signed_rank(&moved, 0.95).unwrap();
        for (found, expected) in [
            (moved.estimate, shift - scale * plain.estimate),
            (moved.low, shift - scale * plain.high),
            (moved.high, shift - scale * plain.low),
        ] {
            prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        prop_assert!(plain.low <= plain.estimate && plain.estimate <= plain.high);
    }

    #[test]
    fn higher_levels_are_wider(d in prop::collection::vec(-1.0..1.0f64, 9..60)) {
        let at = |level| signed_rank(&d, level).unwrap();
        let (narrow, middle, wide) = (at(0.9), at(0.95), at(0.995));
        prop_assert!(wide.low <= middle.low && middle.low <= narrow.low);
        prop_assert!(wide.high >= middle.high && middle.high >= narrow.high);
    }
}
