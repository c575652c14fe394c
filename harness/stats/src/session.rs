//! Is the session fit for comparison? The baseline against itself tells.

use crate::error::{StatsError, at_least};
use crate::interval::Interval;
use crate::signed_rank::signed_rank;

/// Chance, over all self-comparisons of a run together, of calling a sound session invalid.
const FALSE_ALARMS_PER_RUN: f64 = 0.01;

/// Judges the baseline against itself. `d_aa` are log ratios of pairs that differ in nothing,
/// `self_comparisons` is their number of metrics in the run, m. The level is 1 - 0.01 / m
/// (Bonferroni), so that a sound run is called invalid once in a hundred. Some(interval), in log
/// units, when it excludes 0; None when nothing speaks against the session.
///
/// A wide interval is no reason to void a session; it widens the comparison as well, which then
/// decides nothing by itself.
///
/// # Errors
/// When there are no self-comparisons, and as [`signed_rank`]: with m = 2 at least 9 pairs.
pub fn session_invalid(
    d_aa: &[f64],
    self_comparisons: u32,
) -> Result<Option<Interval>, StatsError> {
    at_least(1, self_comparisons as usize)?;
    let level = 1.0 - FALSE_ALARMS_PER_RUN / f64::from(self_comparisons);
    let interval = signed_rank(d_aa, level)?;
    Ok(interval.excludes(0.0).then_some(interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{assert_rate, share};

    /// One sound run in a hundred, over both of its metrics. Discrete ranks make it a little rarer.
    #[test]
    fn false_alarms() {
        let runs = 6000;
        for n in [20, 60] {
            let alarms = share(runs, 17 + n as u64, |noise| {
                (0..2).any(|_| {
                    let found = session_invalid(&noise.pairs(n, 0.2, 1.0), 2);
                    found.is_ok_and(|interval| interval.is_some())
                })
            });
            assert_rate(alarms, runs, 0.009, 0.01);
        }
    }

    #[test]
    fn only_a_difference_invalidates() {
        let shifted: Vec<f64> = (0..12).map(|i| 0.1 + 0.01 * f64::from(i)).collect();
        let wide: Vec<f64> = (0..12).map(|i| f64::from(i) - 5.5).collect();
        let found = session_invalid(&shifted, 2);
        assert!(matches!(found, Ok(Some(i)) if i.low > 0.0 && (i.level - 0.995).abs() < 1e-12));
        assert_eq!(session_invalid(&wide, 2), Ok(None));
        assert_eq!(session_invalid(&[0.0; 20], 1), Ok(None));
        let short = session_invalid(&shifted[..8], 2);
        assert_eq!(
            short,
            Err(StatsError::TooFew {
                needed: 9,
                given: 8
            })
        );
        assert!(session_invalid(&shifted, 0).is_err());
    }
}
