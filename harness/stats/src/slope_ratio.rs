//! What one more container costs in one arm, over what it costs in the other.
//!
//! A pass reads memory at rising numbers of containers that stay running. Units are pairs (a, b),
//! one of each arm: with six passes or more the Theil-Sen slopes of a pass, with fewer what each
//! step of a pass adds to the one before, an *increment*. If the true ratio is r then every a - r b
//! is symmetric about zero, so the signed-rank test accepts r at its level; the interval is the set
//! of accepted ratios (Fieller's idea, 1954, with ranks for t). Since (a + a') - r (b + b') > 0 is
//! r < (a + a') / (b + b'), the set lies between two order statistics of the ratios of pairwise
//! sums: no logarithm, no resampling, no normality. Where there are too few units for ranks at the
//! asked level, t takes the place of ranks.
//!
//! Whole passes are the better unit: nothing is assumed about what happens inside one. But two to
//! four of them know too little of the spread between them, resampled or not. Why increments then,
//! and not residuals of a line? Containers differ, and each adds its own excess to all later
//! readings: errors of a pass are a random walk, its residuals far too smooth, its increments
//! independent. If instead each reading errs by itself, neighbouring increments err in opposite
//! directions and their mean errs less than the interval says. The interval is right in the first
//! case and wide in the second. What increments cannot see is a slope that differs from pass to
//! pass in one arm and not in the other; `slope_ratio_tests.rs` states the coverage in every case.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, at_least, finite, probability};
use crate::interval::Interval;
use crate::signed_rank::critical_rank;
use crate::slope::{theil_sen, within};
use crate::student;
use crate::summary::{count, mean, quantile_of_sorted};

/// Two slopes and their ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlopeRatio {
    /// Theil-Sen slope of the first arm, over pairs of points within passes; bytes per container.
    pub slope_a: f64,
    /// The same of the second arm.
    pub slope_b: f64,
    /// First over second, in ratio units, from paired units; `n` counts the pairs. Its estimate is
    /// not exactly the quotient of the slopes, which are taken over all passes at once.
    pub ratio: Interval,
}

/// From this number of passes on a pass is a unit: the least that gives ranks a 95 % interval.
const PASSES_AS_UNITS: usize = 6;

/// Compares slopes of memory over containers. Each pass is a block of (containers, bytes); passes
/// of the same index are paired, and inside them the steps both arms have. Order inside a pass does
/// not matter.
///
/// # Errors
/// When the arms differ in the number of passes, have fewer than two pairs of units, or hold
/// coordinates that are not finite; and when the second arm's cost cannot be told from zero.
pub fn slope_ratio(
    passes_a: &[Vec<(f64, f64)>],
    passes_b: &[Vec<(f64, f64)>],
    level: f64,
) -> Result<SlopeRatio, StatsError> {
    let (a, b) = (passes_a.len(), passes_b.len());
    if a != b {
        return Err(StatsError::Lengths { a, b });
    }
    let slope_a = within(passes_a)?;
    let slope_b = within(passes_b)?;
    let steps: Vec<Steps> = passes_a
        .iter()
        .zip(passes_b)
        .map(|(a, b)| paired(a, b))
        .collect();
    let pairs = if steps.len() >= PASSES_AS_UNITS {
        slopes(&steps)?
    } else {
        steps.iter().flat_map(increments).collect()
    };
    at_least(2, pairs.len())?;
    finite(
        &pairs
            .iter()
            .flat_map(|pair| [pair.0, pair.1])
            .collect::<Vec<_>>(),
    )?;
    let ratio = match critical_rank(pairs.len(), probability(level)?) {
        Ok(cut) => by_ranks(&pairs, cut, level)?,
        Err(_) => by_t(&pairs, level)?,
    };
    Ok(SlopeRatio {
        slope_a,
        slope_b,
        ratio,
    })
}

/// Containers, and the bytes of both arms, at the steps of a pass that both have; ascending.
type Steps = Vec<(f64, f64, f64)>;

fn paired(a: &[(f64, f64)], b: &[(f64, f64)]) -> Steps {
    let other = |x: f64| b.iter().find(|(at, _)| *at == x).map(|(_, bytes)| *bytes);
    let mut steps: Steps = a
        .iter()
        .filter_map(|(x, y)| Some((*x, *y, other(*x)?)))
        .collect();
    steps.sort_by(|left, right| left.0.total_cmp(&right.0));
    steps.dedup_by(|later, first| later.0 == first.0);
    steps
}

/// What each step adds to the one before, in both arms.
fn increments(steps: &Steps) -> Vec<(f64, f64)> {
    steps
        .windows(2)
        .map(|two| (two[1].1 - two[0].1, two[1].2 - two[0].2))
        .collect()
}

/// The slope of each pass in both arms; passes in which the arms share fewer than two steps have
/// none.
fn slopes(steps: &[Steps]) -> Result<Vec<(f64, f64)>, StatsError> {
    let usable = steps.iter().filter(|pass| pass.len() >= 2);
    usable
        .map(|pass| {
            let arm = |bytes: fn(&(f64, f64, f64)) -> f64| -> Vec<(f64, f64)> {
                pass.iter().map(|step| (step.0, bytes(step))).collect()
            };
            Ok((
                theil_sen(&arm(|step| step.1))?,
                theil_sen(&arm(|step| step.2))?,
            ))
        })
        .collect()
}

/// The ratios that the signed-rank test accepts.
fn by_ranks(pairs: &[(f64, f64)], cut: u64, level: f64) -> Result<Interval, StatsError> {
    let mut ratios = Vec::with_capacity(pairs.len() * (pairs.len() + 1) / 2);
    // Where the denominator is not above zero the test cannot tell which side the pair is on: it
    // counts against both limits.
    let mut unknown = 0;
    for (index, (a0, b0)) in pairs.iter().enumerate() {
        for (a, b) in &pairs[index..] {
            let (a, b) = (a0 / 2.0 + a / 2.0, b0 / 2.0 + b / 2.0);
            if b > 0.0 && (a / b).is_finite() {
                ratios.push(a / b);
            } else {
                unknown += 1;
            }
        }
    }
    let cut = usize::try_from(cut).unwrap_or(usize::MAX);
    if cut <= unknown || ratios.is_empty() {
        return Err(StatsError::NoDenominator);
    }
    let from_end = cut - unknown - 1;
    ratios.sort_unstable_by(f64::total_cmp);
    Ok(Interval {
        estimate: quantile_of_sorted(&ratios, 0.5),
        low: ratios[from_end],
        high: ratios[ratios.len() - 1 - from_end],
        level,
        n: pairs.len(),
    })
}

/// Fieller's limits: the r for which the mean of a - r b is within t standard errors of zero.
fn by_t(pairs: &[(f64, f64)], level: f64) -> Result<Interval, StatsError> {
    let n = count(pairs.len());
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let covariance = |u: &[f64], mean_u: f64, v: &[f64], mean_v: f64| -> f64 {
        let products = u.iter().zip(v).map(|(u, v)| (u - mean_u) * (v - mean_v));
        products.sum::<f64>() / (n - 1.0) / n
    };
    let df = u32::try_from(pairs.len() - 1).unwrap_or(u32::MAX);
    let t2 = student::two_sided(level, df).powi(2);
    let square = mean_b * mean_b - t2 * covariance(&b, mean_b, &b, mean_b);
    let linear = mean_a * mean_b - t2 * covariance(&a, mean_a, &b, mean_b);
    let constant = mean_a * mean_a - t2 * covariance(&a, mean_a, &a, mean_a);
    if mean_b <= 0.0 || square <= 0.0 || !square.is_finite() {
        return Err(StatsError::NoDenominator);
    }
    // The quotient of the means is always accepted, so a negative root is a rounding of zero.
    let root = (linear * linear - square * constant).max(0.0).sqrt();
    let estimate = mean_a / mean_b;
    Ok(Interval {
        estimate,
        low: ((linear - root) / square).min(estimate),
        high: ((linear + root) / square).max(estimate),
        level,
        n: pairs.len(),
    })
}

#[cfg(test)]
#[path = "slope_ratio_tests.rs"]
mod tests;
