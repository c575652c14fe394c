//! Planning: how many rounds, and what a number of rounds can see.

use crate::error::{StatsError, positive, probability};
use crate::normal;
use crate::signed_rank::critical_rank;
use crate::summary::{count, sd};

/// Level of the intervals that are planned for.
const LEVEL: f64 = 0.95;
/// Chance of seeing an effect that is called detectable.
const POWER: f64 = 0.9;
/// Variance of the pseudo-median of normal noise over that of the mean, for many values (Hodges and
/// Lehmann 1963). Heavier tails favour the pseudo-median, so plans made with it err to the safe
/// side.
const COST_OF_RANKS: f64 = std::f64::consts::PI / 3.0;

/// The smallest difference from a ratio of 1 that `d` (log ratios) would show: 0.08 says that
/// truth 1.08 gives a 95 % interval without 1 in nine of ten runs. From the standard deviation of
/// `d` and its length.
///
/// # Errors
/// When `d` is too short for a 95 % interval (six), and on values that are not finite.
pub fn detectable_effect(d: &[f64]) -> Result<f64, StatsError> {
    critical_rank(d.len(), LEVEL)?;
    let power = normal::quantile(POWER);
    let usable = count(d.len()) - estimating(power);
    let error = sd(d)? * (COST_OF_RANKS / usable).sqrt();
    Ok(((level_quantile() + power) * error).exp_m1())
}

/// Rounds after which the 95 % interval of log ratios with standard deviation `sd` is expected to
/// have `half_width` (log units). At least as many as an interval needs.
///
/// # Errors
/// On an `sd` or `half_width` that is not above zero, and on plans of more than 2^32 rounds.
pub fn rounds_for(sd: f64, half_width: f64) -> Result<usize, StatsError> {
    let z = normal::quantile(1.0 - (1.0 - LEVEL) / 2.0);
    rounds(
        z * positive("sd", sd)? / positive("half_width", half_width)?,
        0.0,
    )
}

/// Rounds after which a flaw of `effect_log` (log ratio) is found to be beyond `margin` (ratio
/// units, 0.05 is 5 %) at 95 % in all but a share of `miss` of the runs. For negative controls.
///
/// # Errors
/// On an effect that is not beyond the margin, an `sd` not above zero, a `miss` that is no
/// probability, and on plans of more than 2^32 rounds.
pub fn rounds_for_miss_rate(
    effect_log: f64,
    sd: f64,
    margin: f64,
    miss: f64,
) -> Result<usize, StatsError> {
    let gap = positive("effect beyond the margin", effect_log - margin.ln_1p())?;
    let power = -normal::quantile(probability(miss)?);
    let spreads = (level_quantile() + power).max(0.0);
    rounds(spreads * positive("sd", sd)? / gap, estimating(power))
}

/// Spreads from the centre of a normal distribution to the limits of its central 95 %.
fn level_quantile() -> f64 {
    normal::quantile(1.0 - (1.0 - LEVEL) / 2.0)
}

/// Values that an estimated spread costs over a known one. Guenther (1981) adds half of the squared
/// quantile of the level for the t test; ranks of few values need the power's as well.
fn estimating(power: f64) -> f64 {
    f64::midpoint(level_quantile().powi(2), power.powi(2))
}

/// n from the square root of the count a known spread would need, and what is added to it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked before"
)]
fn rounds(root: f64, added: f64) -> Result<usize, StatsError> {
    let wanted = (COST_OF_RANKS * root * root + added).ceil();
    if wanted.is_nan() || wanted > f64::from(u32::MAX) {
        return Err(StatsError::Parameter {
            name: "rounds",
            value: wanted,
        });
    }
    let least = (1..)
        .find(|n| critical_rank(*n, LEVEL).is_ok())
        .unwrap_or(1);
    Ok((wanted as usize).max(least))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::criterion::{Criterion, not_worse_than};
    use crate::signed_rank::signed_rank;
    use crate::simulate::{Noise, assert_rate, average, share};

    fn normals(noise: &mut Noise, n: usize, sd: f64, shift: f64) -> Vec<f64> {
        (0..n).map(|_| shift + sd * noise.normal()).collect()
    }

    /// One run tells what the next would detect: nine in ten do, if the noise is normal.
    #[test]
    fn detectable_effects_are_detected() {
        for n in [12, 30, 100] {
            let runs = 3000;
            let seen = share(runs, n as u64, |noise| {
                // The spread is known here, so that only the formula is judged.
                let spread: Vec<f64> = normals(noise, 4000, 0.2, 0.0);
                let usable = |n: usize| count(n) - estimating(normal::quantile(POWER));
                let effect =
                    detectable_effect(&spread).unwrap().ln_1p() * (usable(4000) / usable(n)).sqrt();
                signed_rank(&normals(noise, n, 0.2, effect), LEVEL)
                    .unwrap()
                    .low
                    > 0.0
            });
            assert_rate(seen, runs, 0.89, 0.92);
        }
    }

    #[test]
    fn planned_rounds_reach_the_width() {
        for (sd, half) in [(0.1, 0.04), (0.3, 0.06)] {
            let n = rounds_for(sd, half).unwrap();
            let found = average(300, 5, |noise| {
                signed_rank(&normals(noise, n, sd, 0.0), LEVEL)
                    .unwrap()
                    .half_width()
            });
            assert!(
                (0.95..1.07).contains(&(found / half)),
                "{n}: {found} not {half}"
            );
        }
        assert_eq!(rounds_for(1e-9, 0.1), Ok(6));
    }

    /// Controls are sized for rare misses; 1e-3 is what can be counted in a test.
    #[test]
    fn misses_are_as_rare_as_planned() {
        for (effect, sd, margin) in [
            (1.5, 0.1, 0.15),
            (0.5, 0.1, 0.15),
            (0.4, 0.2, 0.05),
            (0.2, 0.2, 0.05),
        ] {
            let n = rounds_for_miss_rate(effect, sd, margin, 1e-3).unwrap();
            let runs = 10_000;
            let missed = share(runs, n as u64, |noise| {
                let ratio = signed_rank(&normals(noise, n, sd, effect), LEVEL)
                    .unwrap()
                    .exp();
                not_worse_than(&ratio, margin) != Criterion::Beyond
            });
            assert_rate(missed, runs, 0.0, 1e-3);
        }
    }

    #[test]
    fn impossible_plans_are_errors() {
        assert!(detectable_effect(&[0.1; 5]).is_err());
        assert!(detectable_effect(&[f64::NAN; 9]).is_err());
        assert!(detectable_effect(&[0.1; 9]).unwrap() < 1e-15);
        for (sd, half) in [
            (0.0, 0.1),
            (0.1, 0.0),
            (f64::NAN, 0.1),
            (1e9, 1e-9),
            (1e300, 1e-300),
        ] {
            assert!(rounds_for(sd, half).is_err(), "{sd} {half}");
        }
        let margin = 0.15f64;
        for effect in [0.1, margin.ln_1p(), f64::NAN, f64::INFINITY] {
            assert!(
                rounds_for_miss_rate(effect, 0.1, margin, 1e-4).is_err(),
                "{effect}"
            );
        }
        for (sd, miss) in [(0.0, 1e-4), (0.1, 0.0), (0.1, 1.0)] {
            assert!(
                rounds_for_miss_rate(1.0, sd, margin, miss).is_err(),
                "{sd} {miss}"
            );
        }
        let tighter = rounds_for_miss_rate(0.4, 0.2, margin, 1e-4).unwrap();
        assert!(tighter > rounds_for_miss_rate(0.4, 0.2, margin, 1e-2).unwrap());
    }
}
