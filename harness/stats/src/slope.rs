//! The slope through points of which some may be wild.

use crate::error::{StatsError, at_least, finite};
use crate::summary::median;

/// Median of the slopes between all pairs of points with different first coordinates (Theil 1950,
/// Sen 1968), in units of the second coordinate per unit of the first. Some 29 % of the points may
/// be wild without taking the slope along.
///
/// # Errors
/// On fewer than two points with different first coordinates, and on coordinates that are not
/// finite; the index is that of the point.
pub fn theil_sen(points: &[(f64, f64)]) -> Result<f64, StatsError> {
    within(&[points])
}

/// As [`theil_sen`], but pairs are formed inside each pass only: what a pass starts from differs.
pub(crate) fn within<P: AsRef<[(f64, f64)]>>(passes: &[P]) -> Result<f64, StatsError> {
    let mut slopes = Vec::new();
    for pass in passes.iter().map(AsRef::as_ref) {
        finite(&pass.iter().map(|(x, _)| *x).collect::<Vec<_>>())?;
        finite(&pass.iter().map(|(_, y)| *y).collect::<Vec<_>>())?;
        for (index, (x, y)) in pass.iter().enumerate() {
            let earlier = pass[..index].iter().filter(|(before, _)| before != x);
            slopes.extend(earlier.map(|(x0, y0)| (y - y0) / (x - x0)));
        }
    }
    at_least(2, slopes.len() + 1)?;
    median(&slopes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_wild_point_moves_nothing() {
        let mut line: Vec<(f64, f64)> =
            (0..8).map(|x| (f64::from(x), 3.0 * f64::from(x))).collect();
        line[5].1 = 1e9;
        assert_eq!(theil_sen(&line).unwrap(), 3.0);
    }

    #[test]
    fn no_slope_without_two_places() {
        let few = StatsError::TooFew {
            needed: 2,
            given: 1,
        };
        for points in [vec![], vec![(1.0, 2.0)], vec![(1.0, 2.0), (1.0, 3.0)]] {
            assert_eq!(theil_sen(&points), Err(few));
        }
        assert!(theil_sen(&[(1.0, 2.0), (f64::NAN, 3.0)]).is_err());
        assert!(theil_sen(&[(1.0, 2.0), (2.0, f64::INFINITY)]).is_err());
        // Finite points whose difference is not.
        assert!(theil_sen(&[(1.0, f64::MAX), (2.0, f64::MIN)]).is_err());
    }

    #[test]
    fn passes_may_start_anywhere() {
        let passes = [[(2.0, 5.0), (4.0, 9.0)], [(2.0, 105.0), (4.0, 109.0)]];
        assert_eq!(within(&passes).unwrap(), 2.0);
    }

    proptest! {
        #[test]
        fn follows_affine_changes(
            ys in prop::collection::vec(-1e3..1e3f64, 2..12),
            tilt in -10.0..10.0f64,
            lift in -10.0..10.0f64,
        ) {
            let xs = (0u32..).map(f64::from);
            let plain: Vec<_> = xs.zip(ys.iter().copied()).collect();
            let tilted: Vec<_> = plain.iter().map(|(x, y)| (*x, y + tilt * x + lift)).collect();
            let (a, b) = (theil_sen(&plain).unwrap(), theil_sen(&tilted).unwrap());
            prop_assert!((a + tilt - b).abs() < 1e-9);
        }
    }
}
