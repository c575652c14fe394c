//! A claim is audited: what does an interval say about "lower by so much"?

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// What the measurement says about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The whole interval lies below the claimed ratio.
    Proven,
    /// Lower than the baseline, but not shown to be lower by as much as claimed.
    DirectionOnly,
    /// The 90 % interval lies inside the band that was declared equal beforehand.
    Equivalent,
    /// The whole interval lies above the claimed ratio.
    Refuted,
    /// None of the others.
    Inconclusive,
}

/// Audits "the candidate is lower by `by`" (0.2 is 20 %; 0 claims a direction only) in ratio units.
///
/// Proven: the 95 % interval lies below 1 - `by`. Refuted: it lies above. Equivalent: the 90 %
/// interval lies inside [1 / (1 + `equivalence`), 1 + `equivalence`], which is two one-sided tests
/// at 5 % (Schuirmann 1987). Direction only: the 95 % interval lies below 1, without proof of the
/// claim.
///
/// Several hold at once: faster by 3 % refutes "faster by 20 %". The first of the pair is the
/// answer to the claim, if there is one, the second what else is known; of equivalence and
/// direction, which may both hold, equivalence is given, since it was declared to be what matters.
#[must_use]
pub fn audit_lower(
    interval95: &Interval,
    interval90: &Interval,
    by: f64,
    equivalence: f64,
) -> (Finding, Option<Finding>) {
    let claimed = 1.0 - by;
    let proven = interval95.high < claimed;
    let equivalent =
        interval90.low >= 1.0 / (1.0 + equivalence) && interval90.high <= 1.0 + equivalence;
    let holding = [
        (Finding::Proven, proven),
        (Finding::Refuted, interval95.low > claimed),
        (Finding::Equivalent, equivalent),
        (Finding::DirectionOnly, interval95.high < 1.0 && !proven),
    ];
    let mut findings = holding
        .into_iter()
        .filter_map(|(finding, holds)| holds.then_some(finding));
    (
        findings.next().unwrap_or(Finding::Inconclusive),
        findings.next(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Finding::{DirectionOnly, Equivalent, Inconclusive, Proven, Refuted};

    #[test]
    fn verdict_table() {
        for (low, high, by, expected) in [
            (0.70, 0.79, 0.20, (Proven, None)),
            (0.70, 0.80, 0.20, (DirectionOnly, None)),
            (0.70, 0.94, 0.20, (DirectionOnly, None)),
            (0.85, 0.95, 0.20, (Refuted, Some(DirectionOnly))),
            (0.96, 0.98, 0.20, (Refuted, Some(Equivalent))),
            (0.96, 1.04, 0.20, (Refuted, Some(Equivalent))),
            (0.85, 1.20, 0.20, (Refuted, None)),
            (0.70, 1.20, 0.20, (Inconclusive, None)),
            (0.96, 0.98, 0.01, (Proven, Some(Equivalent))),
            (0.96, 0.98, 0.03, (Equivalent, Some(DirectionOnly))),
            (0.80, 0.99, 0.00, (Proven, None)),
            (0.97, 0.99, 0.00, (Proven, Some(Equivalent))),
            (0.97, 1.03, 0.00, (Equivalent, None)),
            (1.01, 1.03, 0.00, (Refuted, Some(Equivalent))),
            (1.01, 1.30, 0.00, (Refuted, None)),
            (0.80, 1.30, 0.00, (Inconclusive, None)),
            (f64::NAN, f64::NAN, 0.00, (Inconclusive, None)),
        ] {
            let interval = Interval {
                estimate: f64::NAN,
                low,
                high,
                level: 0.95,
                n: 30,
            };
            let found = audit_lower(&interval, &interval, by, 0.05);
            assert_eq!(found, expected, "{low} {high} {by}");
        }
    }

    #[test]
    fn equivalence_looks_at_the_narrower_interval() {
        let at = |low, high, level| Interval {
            estimate: 1.0,
            low,
            high,
            level,
            n: 30,
        };
        let (wide, narrow) = (at(0.94, 1.06, 0.95), at(1.0 / 1.05, 1.05, 0.90));
        assert_eq!(audit_lower(&wide, &narrow, 0.0, 0.05), (Equivalent, None));
        assert_eq!(audit_lower(&narrow, &wide, 0.0, 0.05), (Inconclusive, None));
    }
}
