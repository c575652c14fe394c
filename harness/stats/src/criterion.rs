//! A criterion decides certification: not worse than a margin.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// Where an interval lies against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Wholly below the limit: shown to be no worse.
    Within,
    /// Wholly above the limit: shown to be worse.
    Beyond,
    /// The limit lies in the interval, or the interval or the margin is no number.
    Undecided,
}

/// Non-inferiority: `ratio` (candidate over baseline, more is worse) against 1 + `margin`. An
/// interval that touches the limit decides nothing.
#[must_use]
pub fn not_worse_than(ratio: &Interval, margin: f64) -> Criterion {
    let limit = 1.0 + margin;
    if ratio.high < limit && ratio.low <= ratio.high {
        Criterion::Within
    } else if ratio.low > limit && ratio.low <= ratio.high {
        Criterion::Beyond
    } else {
        Criterion::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_by_limit() {
        for (low, high, margin, expected) in [
            (0.9, 1.04, 0.05, Criterion::Within),
            (1.01, 1.04, 0.05, Criterion::Within),
            (0.9, 1.05, 0.05, Criterion::Undecided),
            (1.05, 1.2, 0.05, Criterion::Undecided),
            (1.0, 1.2, 0.05, Criterion::Undecided),
            (1.06, 1.2, 0.05, Criterion::Beyond),
            (f64::NAN, 1.0, 0.05, Criterion::Undecided),
            (1.2, f64::NAN, 0.05, Criterion::Undecided),
            (0.9, 1.0, f64::NAN, Criterion::Undecided),
        ] {
            let ratio = Interval {
                estimate: 1.0,
                low,
                high,
                level: 0.95,
                n: 30,
            };
            assert_eq!(
                not_worse_than(&ratio, margin),
                expected,
                "{low} {high} {margin}"
            );
        }
    }
}
