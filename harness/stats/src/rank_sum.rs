//! Unpaired comparison: Mann-Whitney test with the Hodges-Lehmann shift.
//!
//! The fallback where rounds could not be paired; pairs see less noise. Sources: Mann and Whitney
//! (1947); Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", chapter 4.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, at_least, finite, probability};
use crate::interval::Interval;
use crate::normal;
use crate::order::smallest_reaching;
use crate::summary::count;

/// Up to this many values per arm the null distribution is counted out.
const EXACT_UP_TO: usize = 50;

/// Two independent samples compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankSum {
    /// Two-sided probability, with equal distributions, of ranks as uneven as these or more.
    pub p: f64,
    /// Median of all differences a - b with its interval; `n` counts the values of both arms.
    pub shift: Interval,
}

/// Compares independent samples. Exact up to 50 values per arm (the probability only without ties),
/// beyond that a normal approximation with corrections for continuity and ties.
///
/// # Errors
/// When the arms are too small for any interval at `level` (0.95 needs 4 and 4), and on values that
/// are not finite; the index counts through `a` and on through `b`.
pub fn rank_sum(a: &[f64], b: &[f64], level: f64) -> Result<RankSum, StatsError> {
    at_least(1, a.len().min(b.len()))?;
    finite(&[a, b].concat())?;
    // One in twenty is 0.05, and (1 - 0.9) / 2 a rounding below it.
    let tail = (1.0 - probability(level)?) / 2.0 * (1.0 + 1e-12);
    let below = exact_below(a.len(), b.len());
    let cut = critical_rank(a.len(), b.len(), tail, below.as_deref())?;
    let differences = Differences::new(a, b);
    let pairs = differences.pairs();
    let shift = Interval {
        estimate: differences.smallest(pairs / 2 + 1) / 2.0
            + differences.smallest(pairs.div_ceil(2)) / 2.0,
        low: differences.smallest(cut),
        high: differences.smallest(pairs + 1 - cut),
        level,
        n: a.len() + b.len(),
    };
    Ok(RankSum {
        p: two_sided(&differences, below.as_deref()),
        shift,
    })
}

/// P(U <= u) for every u up to the middle, U counting pairs with a above b; None for large arms.
fn exact_below(m: usize, n: usize) -> Option<Vec<f64>> {
    if m.max(n) > EXACT_UP_TO {
        return None;
    }
    // Coefficients of the Gaussian binomial, factor by factor: times 1 - q^(n+i), over 1 - q^i.
    // Only the rising half is kept: the falling one would be differences of large numbers.
    let mut ways = vec![0.0; m * n / 2 + 1];
    ways[0] = 1.0;
    let mut total = 1.0;
    for i in 1..=m {
        for u in (n + i..ways.len()).rev() {
            ways[u] -= ways[u - n - i];
        }
        for u in i..ways.len() {
            ways[u] += ways[u - i];
        }
        total *= count(n + i) / count(i);
    }
    let mut sum = 0.0;
    for way in &mut ways {
        sum += *way;
        *way = sum / total;
    }
    Some(ways)
}

/// Which difference, counted from either end, bounds the interval.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative"
)]
fn critical_rank(m: usize, n: usize, tail: f64, below: Option<&[f64]>) -> Result<u64, StatsError> {
    let rank = below.map_or_else(
        || {
            let (mean, variance) = moments(count(m), count(n), 0.0);
            (mean + 0.5 + normal::quantile(tail) * variance.sqrt())
                .floor()
                .max(0.0) as u64
        },
        |below| below.iter().take_while(|p| **p <= tail).count() as u64,
    );
    if rank > 0 {
        return Ok(rank);
    }
    // With arms of equal size k the smallest probability is one over (2k choose k).
    let mut smallest = 1.0;
    let fewest = (1usize..).find(|k| {
        smallest *= count(*k) / count(4 * k - 2);
        smallest <= tail
    });
    Err(StatsError::TooFew {
        needed: 2 * fewest.unwrap_or(usize::MAX / 2),
        given: m + n,
    })
}

/// Mean and variance of U; `ties` is the sum of t^3 - t over groups of t equal values.
fn moments(m: f64, n: f64, ties: f64) -> (f64, f64) {
    let total = m + n;
    (
        m * n / 2.0,
        m * n / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)).max(1.0)),
    )
}

fn two_sided(differences: &Differences, below: Option<&[f64]>) -> f64 {
    let (m, n) = (count(differences.a.len()), count(differences.b.len()));
    let ties = differences.ties();
    let less = differences.less();
    let u = less.min(m * n - less);
    match below {
        Some(below) if ties == 0.0 => {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count"
            )]
            let tail = below.get(u as usize).copied().unwrap_or(0.5);
            (2.0 * tail).min(1.0)
        }
        _ => {
            let (mean, variance) = moments(m, n, ties);
            if variance <= 0.0 {
                return 1.0;
            }
            (2.0 * normal::cdf((u + 0.5 - mean) / variance.sqrt())).min(1.0)
        }
    }
}

/// All differences a - b, without storing them; both arms ascending.
struct Differences {
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Differences {
    fn new(a: &[f64], b: &[f64]) -> Self {
        let (mut a, mut b) = (a.to_vec(), b.to_vec());
        a.sort_unstable_by(f64::total_cmp);
        b.sort_unstable_by(f64::total_cmp);
        Self { a, b }
    }

    const fn pairs(&self) -> u64 {
        self.a.len() as u64 * self.b.len() as u64
    }

    /// The `k`-th smallest difference, from 1.
    fn smallest(&self, k: u64) -> f64 {
        let (last_a, last_b) = (self.a.len() - 1, self.b.len() - 1);
        let (low, high) = (self.a[0] - self.b[last_b], self.a[last_a] - self.b[0]);
        smallest_reaching(k, low, high, |x| self.at_or_below(x))
    }

    /// As a rises, the values of b that keep the difference at or below `x` only rise.
    fn at_or_below(&self, x: f64) -> u64 {
        let mut first = 0;
        let mut total = 0;
        for a in &self.a {
            while first < self.b.len() && a - self.b[first] > x {
                first += 1;
            }
            total += self.b.len() - first;
        }
        total as u64
    }

    /// Pairs with a below b, a tie counting half.
    fn less(&self) -> f64 {
        let pairs = self.a.iter().map(|a| {
            let below = self.b.partition_point(|b| b < a);
            let through = self.b.partition_point(|b| b <= a);
            count(self.b.len() - through) + count(through - below) / 2.0
        });
        pairs.sum()
    }

    /// Sum of t^3 - t over groups of t equal values in both arms together.
    fn ties(&self) -> f64 {
        let mut all = [&self.a[..], &self.b[..]].concat();
        all.sort_unstable_by(f64::total_cmp);
        all.chunk_by(|a, b| a == b)
            .map(|run| count(run.len()).powi(3) - count(run.len()))
            .sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulate::{assert_rate, share};

    #[test]
    fn small_or_bad_arms() {
        let one = [1.0, 2.0, 3.0];
        let few = StatsError::TooFew {
            needed: 8,
            given: 6,
        };
        assert_eq!(rank_sum(&one, &one, 0.95), Err(few));
        assert!(rank_sum(&one, &one, 0.9).is_ok());
        assert!(rank_sum(&[], &one, 0.9).is_err());
        assert_eq!(
            rank_sum(&one, &[f64::NAN], 0.9),
            Err(StatsError::NotFinite { index: 3 })
        );
        assert!(rank_sum(&one, &one, 1.0).is_err());
        let same = rank_sum(&[2.0; 70], &[2.0; 60], 0.95).unwrap();
        assert_eq!((same.p, same.shift.low, same.shift.high), (1.0, 0.0, 0.0));
    }

    #[test]
    fn coverage_and_false_rejections() {
        for (m, n) in [(8, 12), (30, 25), (60, 70)] {
            let runs = 3000;
            let sample = |noise: &mut crate::simulate::Noise| {
                let arm = |n, noise: &mut crate::simulate::Noise| -> Vec<f64> {
                    (0..n).map(|_| noise.start(0.2).ln()).collect()
                };
                rank_sum(&arm(m, noise), &arm(n, noise), 0.95).unwrap()
            };
            let covered = share(runs, m, |noise| !sample(noise).shift.excludes(0.0));
            assert_rate(covered, runs, 0.95, 0.965);
            let rejected = share(runs, n, |noise| sample(noise).p <= 0.05);
            assert_rate(rejected, runs, 0.035, 0.05);
        }
    }

    proptest! {
        #[test]
        fn swapping_arms_turns_the_sign(
            a in prop::collection::vec(-9i32..9, 4..20),
            b in prop::collection::vec(-9i32..9, 4..60),
        ) {
            let [a, b] = [a, b].map(|arm| arm.into_iter().map(f64::from).collect::<Vec<_>>());
            let (there, back) = (rank_sum(&a, &b, 0.95).unwrap(), rank_sum(&b, &a, 0.95).unwrap());
            prop_assert!((there.p - back.p).abs() < 1e-9);
            prop_assert_eq!(there.shift.low, -back.shift.high);
            prop_assert_eq!(there.shift.estimate, -back.shift.estimate);
            prop_assert!((0.0..=1.0).contains(&there.p));
        }
    }
}
