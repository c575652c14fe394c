//! From two paired series to log ratios.

use crate::error::{StatsError, finite};

/// ln(candidate / baseline) pair by pair. Above 0 the candidate has more (is slower, is larger).
///
/// # Errors
/// On series of different lengths, and on values that are not finite and above zero; the index is
/// that of the pair.
pub fn log_ratios(candidate: &[f64], baseline: &[f64]) -> Result<Vec<f64>, StatsError> {
    let (a, b) = (candidate.len(), baseline.len());
    if a != b {
        return Err(StatsError::Lengths { a, b });
    }
    finite(candidate)?;
    finite(baseline)?;
    let pairs = candidate.iter().zip(baseline);
    if let Some(index) = pairs.clone().position(|(c, b)| *c <= 0.0 || *b <= 0.0) {
        return Err(StatsError::NotPositive { index });
    }
    // A difference of logarithms: the quotient of two finite numbers may not be finite.
    Ok(pairs.map(|(c, b)| c.ln() - b.ln()).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let d = log_ratios(&[2.0, 3.0, f64::MAX], &[1.0, 3.0, f64::MIN_POSITIVE]).unwrap();
        assert!((d[0] - 2f64.ln()).abs() < 1e-15 && d[1] == 0.0 && d[2].is_finite());
        assert!(log_ratios(&[], &[]).unwrap().is_empty());
    }

    #[test]
    fn bad_pairs_are_named() {
        for (a, b, error) in [
            (vec![1.0], vec![], StatsError::Lengths { a: 1, b: 0 }),
            (
                vec![1.0, 0.0],
                vec![1.0, 1.0],
                StatsError::NotPositive { index: 1 },
            ),
            (
                vec![1.0, 1.0],
                vec![-1.0, 1.0],
                StatsError::NotPositive { index: 0 },
            ),
            (
                vec![1.0, f64::NAN],
                vec![1.0, 1.0],
                StatsError::NotFinite { index: 1 },
            ),
            (
                vec![1.0],
                vec![f64::INFINITY],
                StatsError::NotFinite { index: 0 },
            ),
        ] {
            assert_eq!(log_ratios(&a, &b), Err(error));
        }
    }
}
