//! When to stop sampling: at a precision, never at an effect.
//!
//! Looking at the data every few rounds and stopping at significance multiplies false findings.
//! Widths do not know where the interval lies, so stopping at a width favours no verdict: adding
//! any constant to all differences changes no decision here (Chow and Robbins 1965 for fixed-width
//! intervals).

use crate::signed_rank::half_width;

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
    /// The rule for a `margin` in ratio units (0.05 is 5 %): the half-width is `fraction` of it,
    /// and at most twice `n_plan` rounds are made. Without a sensible margin or fraction no width
    /// is narrow enough, so sampling ends exhausted rather than early.
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
        half_width(d, LEVEL).is_ok_and(|half| half <= self.target_half_width)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::session_invalid;
    use crate::signed_rank::signed_rank;
    use crate::simulate::{Noise, assert_rate, average, share};

    /// A session as the rule runs it; gives its log ratios.
    fn session(noise: &mut Noise, rule: &StopRule, sd: f64, ratio: f64) -> [Vec<f64>; 2] {
        let (mut ab, mut aa) = (Vec::new(), Vec::new());
        while rule.decide(&ab, &aa) == Next::Continue {
            let [candidate, baseline, again] = [ratio, 1.0, 1.0].map(|r| r * noise.start(sd));
            ab.push((candidate / baseline).ln());
            aa.push((again / baseline).ln());
        }
        [ab, aa]
    }

    #[test]
    fn limits() {
        let rule = StopRule::new(0.05, 0.4, 8, 10);
        assert!((rule.target_half_width - 1.02f64.ln()).abs() < 1e-15);
        let flat = |n: usize| vec![0.3; n];
        let rough = |n: u32| (0..n).map(f64::from).collect::<Vec<_>>();
        for (ab, aa, next) in [
            (flat(7), flat(7), Next::Continue),
            (flat(8), flat(7), Next::Continue),
            (flat(8), flat(8), Next::Reached),
            (flat(8), rough(8), Next::Continue),
            (rough(8), flat(8), Next::Continue),
            (rough(19), flat(19), Next::Continue),
            (rough(20), flat(20), Next::Exhausted),
            (flat(20), flat(20), Next::Reached),
            (vec![f64::NAN; 20], flat(20), Next::Exhausted),
        ] {
            assert_eq!(rule.decide(&ab, &aa), next, "{ab:?} {aa:?}");
        }
    }

    #[test]
    fn a_senseless_rule_ends_exhausted() {
        for rule in [
            StopRule::new(f64::NAN, 0.4, 6, 6),
            StopRule::new(-1.0, 0.4, 6, 6),
        ] {
            assert_eq!(rule.decide(&[0.0; 11], &[0.0; 11]), Next::Continue);
            assert_eq!(rule.decide(&[0.0; 12], &[0.0; 12]), Next::Exhausted);
        }
        let nothing = StopRule::new(0.05, 0.4, 9, 0);
        assert_eq!(nothing.decide(&[], &[]), Next::Exhausted);
    }

    /// What holds after the rule ended a session: coverage, and the rate of false alarms over the
    /// two metrics of a run.
    #[test]
    fn promises_hold_after_stopping() {
        let rule = StopRule::new(0.15, 0.4, 20, 60);
        let runs = 500;
        let covered = share(runs, 1, |noise| {
            let [ab, _] = session(noise, &rule, 0.15, 1.1);
            !signed_rank(&ab, LEVEL).unwrap().excludes(1.1f64.ln())
        });
        // Stopping at a lucky width costs up to one and a half points of coverage.
        assert_rate(covered, runs, 0.935, 0.955);
        let alarms = share(runs, 2, |noise| {
            (0..2).any(|_| {
                let [_, aa] = session(noise, &rule, 0.15, 1.0);
                session_invalid(&aa, 2).unwrap().is_some()
            })
        });
        assert_rate(alarms, runs, 0.007, 0.014);
        let rounds = average(60, 3, |noise| {
            session(noise, &rule, 0.15, 1.0)[0].len() as f64
        });
        assert!((45.0..100.0).contains(&rounds), "{rounds}");
    }

    proptest! {
        #[test]
        fn effects_change_no_decision(
            ab in prop::collection::vec(-0.2..0.2f64, 0..40),
            aa in prop::collection::vec(-0.2..0.2f64, 0..40),
            effect in -3.0..3.0f64,
        ) {
            // The narrowest rule that the plain data fulfil, and the next narrower one.
            let half = |d: &[f64]| half_width(d, LEVEL).unwrap_or(0.01);
            let target = half(&ab).max(half(&aa));
            for factor in [1.0 + 1e-9, 1.0 - 1e-9] {
                let rule = StopRule { target_half_width: factor * target, n_min: 6, n_max: 30 };
                let moved: Vec<f64> = ab.iter().map(|d| d + effect).collect();
                prop_assert_eq!(rule.decide(&ab, &aa), rule.decide(&moved, &aa));
            }
        }
    }
}
