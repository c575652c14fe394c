//! An estimate with the interval that goes with it.

use serde::{Deserialize, Serialize};

/// A point estimate and its two-sided confidence interval.
///
/// The unit is the caller's: natural logarithms straight from [`signed_rank`](crate::signed_rank)
/// over log ratios, plain ratios after [`Interval::exp`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Point estimate.
    pub estimate: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Asked-for level, such as 0.95; the true coverage is at least this where it is exact.
    pub level: f64,
    /// Number of independent units (pairs, increments) behind it.
    pub n: usize,
}

impl Interval {
    /// Half of the distance between the limits.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// From log units to ratio units.
    #[must_use]
    pub fn exp(&self) -> Self {
        Self {
            estimate: self.estimate.exp(),
            low: self.low.exp(),
            high: self.high.exp(),
            ..*self
        }
    }

    /// Whether `value` lies outside; a value on a limit lies inside.
    #[must_use]
    pub fn excludes(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Interval = Interval {
        estimate: 0.0,
        low: -0.5,
        high: 0.7,
        level: 0.95,
        n: 9,
    };

    #[test]
    fn limits_are_inside() {
        for (value, outside) in [(-0.5, false), (0.7, false), (0.71, true), (-0.51, true)] {
            assert_eq!(LOG.excludes(value), outside, "{value}");
        }
    }

    #[test]
    fn ratios_keep_level_and_n() {
        let ratio = LOG.exp();
        assert_eq!((ratio.estimate, ratio.level, ratio.n), (1.0, 0.95, 9));
        assert!((ratio.high.ln() - 0.7).abs() < 1e-15);
        assert!((LOG.half_width() - 0.6).abs() < 1e-15);
    }
}
