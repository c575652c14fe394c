//! Several claims in one certificate: probabilities adjusted for their number.

use crate::error::StatsError;
use crate::summary::count;

/// Holm's step-down adjustment (1979), in the order given: rejecting where the result is at or
/// below 5 % makes one false rejection or more in at most 5 % of the certificates, however the
/// claims hang together.
///
/// # Errors
/// On a value outside 0 to 1.
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    if let Some(bad) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatsError::Probability(*bad));
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut most = 0.0f64;
    for (place, index) in order.into_iter().enumerate() {
        most = most.max(count(p.len() - place) * p[index]).min(1.0);
        adjusted[index] = most;
    }
    Ok(adjusted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let found = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(holm(&[0.6, 0.9]).unwrap(), [1.0, 1.0]);
        assert!(holm(&[]).unwrap().is_empty());
        assert_eq!(holm(&[0.1, -0.1]), Err(StatsError::Probability(-0.1)));
        assert!(holm(&[f64::NAN]).is_err());
    }

    proptest! {
        #[test]
        fn between_plain_and_bonferroni(p in prop::collection::vec(0.0..=1.0f64, 1..9)) {
            let adjusted = holm(&p).unwrap();
            for (plain, adjusted) in p.iter().zip(&adjusted) {
                prop_assert!(plain <= adjusted);
                prop_assert!(*adjusted <= (count(p.len()) * plain).min(1.0));
            }
        }
    }
}
