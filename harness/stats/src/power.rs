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
/// Lehmann 1963). Heavier tails favour the pseudo-median, so plans made with it err to the safe side.
const COST_OF_RANKS: f64 = std::f64::consts::PI / 3.0;

/// The smallest difference from a ratio of 1 that `d` (log ratios) would show: 0.08 says that
/// truth 1.08 gives a 95 % interval without 1 in nine of ten runs. From the standard deviation of
/// `d` and its length.
///
/// # Errors
/// When `d` is too short for a 95 % interval (six), and on values that are not finite.
pub fn detectable_effect(d: &[f64]) -> Result<f64, StatsError> {
    critical_rank(d.len(), LEVEL)?;
    let spread = normal::quantile(1.0 - (1.0 - LEVEL) / 2.0) + normal::quantile(POWER);
    let error = sd(d)? * (COST_OF_RANKS / count(d.len())).sqrt();
    Ok((spread * error).exp_m1())
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
    let level = normal::quantile(1.0 - (1.0 - LEVEL) / 2.0);
    let power = -normal::quantile(probability(miss)?);
    // The squares are what an estimated spread costs over a known one (Guenther 1981).
    let estimated = (level * level + power * power) / 2.0;
    rounds(
        (level + power).max(0.0) * positive("sd", sd)? / gap,
        estimated,
    )
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
