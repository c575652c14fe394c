//! Paired comparison: pseudo-median with Wilcoxon signed-rank interval.
//!
//! Sources: Wilcoxon (1945) for the statistic; Hodges and Lehmann (1963) for the estimate;
//! Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", section 3.4, for the interval
//! as order statistics of the pairwise (Walsh) averages. The only assumption is independent
//! differences, each symmetric about the same centre; with candidate and baseline in random order
//! within a round that holds for the difference of two runs of the same thing whatever their
//! distribution.

use crate::error::{StatsError, finite, probability};
use crate::interval::Interval;
use crate::normal;
use crate::order::smallest_reaching;
use crate::summary::count;

/// Up to this many differences the null distribution is counted out; beyond it a normal
/// approximation with continuity correction serves.
const EXACT_UP_TO: usize = 50;

/// Pseudo-median of `d` (the median of all pairwise averages, each value with itself included) with
/// its two-sided interval at `level`. The limits are themselves pairwise averages, so shifting or
/// scaling `d` shifts or scales them. Ties and zeros stay in and only make the interval wider.
///
/// # Errors
/// When `d` is too short for any interval at `level` (0.95 needs 6), holds a value that is not
/// finite, or `level` is not between 0 and 1.
pub fn signed_rank(d: &[f64], level: f64) -> Result<Interval, StatsError> {
    finite(d)?;
    let cut = critical_rank(d.len(), level)?;
    let walsh = Walsh::new(d);
    Ok(Interval {
        estimate: walsh.middle(),
        low: walsh.smallest(cut),
        high: walsh.smallest(walsh.pairs + 1 - cut),
        level,
        n: d.len(),
    })
}

/// Half of the width of the interval alone, which is what a look at precision needs.
pub(crate) fn half_width(d: &[f64], level: f64) -> Result<f64, StatsError> {
    finite(d)?;
    let cut = critical_rank(d.len(), level)?;
    let walsh = Walsh::new(d);
    Ok((walsh.smallest(walsh.pairs + 1 - cut) - walsh.smallest(cut)) / 2.0)
}

/// Which pairwise average, counted from either end, bounds the interval for `n` differences: the
/// largest k >= 1 with P(T <= k - 1) <= (1 - level) / 2, T the signed-rank sum under symmetry.
pub(crate) fn critical_rank(n: usize, level: f64) -> Result<u64, StatsError> {
    let tail = (1.0 - probability(level)?) / 2.0;
    let rank = if n <= EXACT_UP_TO {
        exact_rank(n, tail)
    } else {
        approximate_rank(n, tail)
    };
    if rank > 0 {
        return Ok(rank);
    }
    // The smallest probability is 2^-n, of all differences having one sign.
    let needed = (n + 1..)
        .find(|n| 0.5f64.powf(count(*n)) <= tail)
        .unwrap_or(usize::MAX);
    Err(StatsError::TooFew { needed, given: n })
}

/// How many of the 2^n choices of signs have the rank sum t, for every t. Exact: 2^50 < 2^53.
fn sign_choices(n: usize) -> Vec<f64> {
    let mut choices = vec![0.0; n * (n + 1) / 2 + 1];
    choices[0] = 1.0;
    let mut top = 0;
    for rank in 1..=n {
        top += rank;
        for sum in (rank..=top).rev() {
            choices[sum] += choices[sum - rank];
        }
    }
    choices
}

fn exact_rank(n: usize, tail: f64) -> u64 {
    let allowed = tail * 2f64.powf(count(n));
    let cumulated = sign_choices(n).into_iter().scan(0.0, |below, choices| {
        *below += choices;
        Some(*below)
    });
    cumulated.take_while(|below| *below <= allowed).count() as u64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative"
)]
fn approximate_rank(n: usize, tail: f64) -> u64 {
    let n = count(n);
    let (mean, variance) = (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0);
    (mean + 0.5 + normal::quantile(tail) * variance.sqrt())
        .floor()
        .max(0.0) as u64
}

/// All averages (a + b) / 2 of sorted values, themselves with themselves included, without storing
/// them.
struct Walsh {
    /// Halves of the values, ascending; halved first, since a sum of two may overflow.
    halves: Vec<f64>,
    pairs: u64,
}

impl Walsh {
    fn new(values: &[f64]) -> Self {
        let mut halves: Vec<f64> = values.iter().map(|value| value / 2.0).collect();
        halves.sort_unstable_by(f64::total_cmp);
        let n = halves.len() as u64;
        Self {
            halves,
            pairs: n * (n + 1) / 2,
        }
    }

    /// The `k`-th smallest average, from 1.
    fn smallest(&self, k: u64) -> f64 {
        let last = self.halves.len() - 1;
        let (low, high) = (2.0 * self.halves[0], 2.0 * self.halves[last]);
        smallest_reaching(k, low, high, |x| self.at_or_below(x))
    }

    fn middle(&self) -> f64 {
        let upper = self.smallest(self.pairs / 2 + 1);
        if self.pairs % 2 == 1 {
            return upper;
        }
        self.smallest(self.pairs / 2) / 2.0 + upper / 2.0
    }

    /// As the first of a pair rises, the partners that keep the average at or below `x` only fall.
    fn at_or_below(&self, x: f64) -> u64 {
        let mut partners = self.halves.len();
        let mut total = 0;
        for (index, half) in self.halves.iter().enumerate() {
            while partners > index && half + self.halves[partners - 1] > x {
                partners -= 1;
            }
            if partners <= index {
                break;
            }
            total += partners - index;
        }
        total as u64
    }
}

#[cfg(test)]
#[path = "signed_rank_tests.rs"]
mod tests;
