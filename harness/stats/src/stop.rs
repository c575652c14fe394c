//! When to stop sampling: at a precision, never at an effect.
//!
//! Looking at the data every few rounds and stopping at significance multiplies false findings.
//! Widths do not know where the interval lies, so stopping at a width favours no verdict: adding
//! any constant to all differences changes no decision here (Chow and Robbins 1965 for fixed-width
//! intervals).

use crate::signed_rank::signed_rank;

/// Level of the intervals whose widths are looked at.
const LEVEL: f64 = 0.95;

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRule {
    /// Wanted half-width of the 95 % intervals, in log units.
    pub target_half_width: f64,
    /// Rounds before the first look.
    pub n_min: usize,
    /// Rounds after which sampling ends in any case.
    pub n_max: usize,
}

/// What to do after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Make another round.
    Continue,
    /// Both intervals are as narrow as wanted.
    Reached,
    /// As many rounds as allowed, and not as narrow as wanted.
    Exhausted,
}

impl StopRule {
    /// The rule for a `margin` in ratio units (0.05 is 5 %): the half-width is `fraction` of it, and
    /// at most twice `n_plan` rounds are made. Without a sensible margin or fraction no width is
    /// narrow enough, so sampling ends exhausted rather than early.
    #[must_use]
    pub fn new(margin: f64, fraction: f64, n_min: usize, n_plan: usize) -> Self {
        Self {
            target_half_width: (fraction * margin).ln_1p(),
            n_min,
            n_max: n_plan.saturating_mul(2),
        }
    }

    /// Looks at log ratios of candidate to baseline and of baseline to itself. Rounds count in the
    /// series that has fewer.
    #[must_use]
    pub fn decide(&self, d_ab: &[f64], d_aa: &[f64]) -> Next {
        let rounds = d_ab.len().min(d_aa.len());
        if rounds < self.n_min.min(self.n_max) {
            return Next::Continue;
        }
        if self.narrow(d_ab) && self.narrow(d_aa) {
            return Next::Reached;
        }
        if rounds >= self.n_max {
            Next::Exhausted
        } else {
            Next::Continue
        }
    }

    fn narrow(&self, d: &[f64]) -> bool {
        signed_rank(d, LEVEL).is_ok_and(|interval| interval.half_width() <= self.target_half_width)
    }
}
