//! One number for many: quantile, median, spread.

use crate::error::{StatsError, at_least, finite, positive};

/// Scales the median absolute deviation of normal noise to its standard deviation: 1 / Φ⁻¹(3/4).
const NORMAL_CONSISTENCY: f64 = 1.482_602_218_505_602;

/// The middle value; the mean of both middle values of an even number.
///
/// # Errors
/// On no values, and on values that are not finite.
pub fn median(values: &[f64]) -> Result<f64, StatsError> {
    quantile(values, 0.5)
}

/// The `q` quantile by linear interpolation between order statistics, type 7 of Hyndman and Fan
/// ("Sample Quantiles in Statistical Packages", 1996). `q` runs from 0 (minimum) to 1 (maximum).
///
/// # Errors
/// On no values, on values that are not finite, and on a `q` outside 0 to 1.
pub fn quantile(values: &[f64], q: f64) -> Result<f64, StatsError> {
    at_least(1, values.len())?;
    finite(values)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::Probability(q));
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(quantile_of_sorted(&sorted, q))
}

/// Type 7 on values that are sorted, finite and not empty.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 <= q <= 1"
)]
pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = q * count(last);
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let weight = position - count(below);
    // Halves first: the sum of two large values may not be finite.
    (1.0 - weight) * sorted[below] + weight * sorted[above]
}

/// Median absolute deviation from the median, scaled so that it estimates the standard deviation
/// of normal noise. Half of the values may be wild without moving it without bound.
///
/// # Errors
/// On no values, and on values that are not finite.
pub fn mad(values: &[f64]) -> Result<f64, StatsError> {
    let middle = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    Ok(NORMAL_CONSISTENCY * median(&deviations)?)
}

/// Coefficient of variation: standard deviation over mean, dimensionless.
///
/// # Errors
/// On fewer than two values, on values that are not finite, and on a mean that is not positive.
pub fn cv(values: &[f64]) -> Result<f64, StatsError> {
    let sd = sd(values)?;
    Ok(sd / positive("mean", mean(values))?)
}

/// Arithmetic mean of finite values; not a number for none.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}

/// Sample standard deviation, with n - 1 in the denominator.
pub(crate) fn sd(values: &[f64]) -> Result<f64, StatsError> {
    at_least(2, values.len())?;
    finite(values)?;
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((squares / count(values.len() - 1)).sqrt())
}

/// A count as a number; exact below 2^53.
#[allow(
    clippy::cast_precision_loss,
    reason = "no slice in memory has 2^53 elements"
)]
pub(crate) const fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_sets_by_hand() {
        let table: [(&[f64], f64, f64); 7] = [
            (&[3.0], 0.9, 3.0),
            (&[2.0, 1.0], 0.5, 1.5),
            (&[4.0, 1.0, 3.0, 2.0], 0.25, 1.75),
            (&[4.0, 1.0, 3.0, 2.0], 0.95, 3.85),
            (&[1.0, 2.0, 9.0], 0.0, 1.0),
            (&[1.0, 2.0, 9.0], 1.0, 9.0),
            (&[f64::MAX, f64::MAX], 0.5, f64::MAX),
        ];
        for (values, q, expected) in table {
            let found = quantile(values, q).unwrap();
            assert!(
                (found - expected).abs() <= 1e-12 * expected,
                "{values:?} {q}: {found}"
            );
        }
        assert!((mad(&[1.0, 2.0, 3.0, 4.0, 100.0]).unwrap() - NORMAL_CONSISTENCY).abs() < 1e-12);
        assert!((cv(&[9.0, 10.0, 11.0]).unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn bad_input_is_an_error() {
        assert_eq!(
            median(&[]),
            Err(StatsError::TooFew {
                needed: 1,
                given: 0
            })
        );
        assert_eq!(
            median(&[1.0, f64::NAN]),
            Err(StatsError::NotFinite { index: 1 })
        );
        assert_eq!(quantile(&[1.0], 1.5), Err(StatsError::Probability(1.5)));
        assert!(quantile(&[1.0], f64::NAN).is_err());
        assert!(matches!(
            cv(&[-1.0, 1.0]),
            Err(StatsError::Parameter { name: "mean", .. })
        ));
        assert!(cv(&[1.0]).is_err());
    }

    proptest! {
        #[test]
        fn quantiles_rise_and_stay_in_range(
            values in prop::collection::vec(-1e9..1e9f64, 1..40),
            a in 0.0..=1.0f64,
            b in 0.0..=1.0f64,
        ) {
            let at = |q| quantile(&values, q).unwrap();
            let (low, high) = (at(a.min(b)), at(a.max(b)));
            prop_assert!(low <= high + 1e-6);
            prop_assert!(quantile(&values, 0.0).unwrap() <= low + 1e-6);
            prop_assert!(high <= quantile(&values, 1.0).unwrap() + 1e-6);
        }
    }
}
