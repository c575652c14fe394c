//! A warning: these values have two modes, and one median does not describe them.
//!
//! A processor that slept or not, a container that still meets the removal of the last one: starts
//! then fall into two groups, and a median may jump from one to the other. The dip test warns,
//! since it assumes nothing about the shape of one mode: a long tail or outliers are no second
//! mode, which coefficients of skewness and kurtosis and mixtures of normals take them for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dip::dip;
use crate::summary::{count, quantile_of_sorted};

/// Fewer values say nothing about modes.
const FEWEST: usize = 20;

/// √n times the dip that calls for a warning. Of unimodal samples exceed it: lognormal noise with 5
/// % outliers 0.2 % and less at any size; uniform ones, which have the largest dip of all (Hartigan
/// and Hartigan 1985), 5 % at 50 values and 8 % at 1000. Groups a factor of three apart are seen in
/// 95 % of the samples at least when 60 values fall into halves, or 200 into shares of 30 and 70 %.
const CRITICAL: f64 = 0.5;

/// A group with a smaller share than this is a matter of outliers, not of modes.
const LEAST_SHARE: f64 = 0.1;

/// Two modes, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bimodality {
    /// Median of the lower group.
    pub low: f64,
    /// Median of the upper group.
    pub high: f64,
    /// Share of the values that are in the upper group, from 0.1 to 0.9.
    pub share_high: f64,
    /// Hartigan's dip; 1/4 at most.
    pub dip: f64,
}

impl fmt::Display for Bimodality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (self.low, self.high);
        write!(
            f,
            "{:.0} % about {high:.3}, the others about {low:.3}",
            100.0 * self.share_high
        )
    }
}

/// Warns when the dip is too large for one mode. None below 20 values, and for values that are not
/// finite. Groups of one tenth or less are not found.
///
/// Equal values are spread over the resolution of the readings first: a coarse clock makes ties,
/// and every tie would count as a mode.
#[must_use]
pub fn bimodal(values: &[f64]) -> Option<Bimodality> {
    if values.len() < FEWEST || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let dip = dip(&spread(&sorted));
    if dip * count(sorted.len()).sqrt() <= CRITICAL {
        return None;
    }
    let split = split(&sorted);
    let (low, high) = sorted.split_at(split);
    Some(Bimodality {
        low: quantile_of_sorted(low, 0.5),
        high: quantile_of_sorted(high, 0.5),
        share_high: count(high.len()) / count(sorted.len()),
        dip,
    })
}

/// Spreads each run of equal values evenly over the smallest step between different ones.
fn spread(sorted: &[f64]) -> Vec<f64> {
    let steps = sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| *step > 0.0);
    let resolution = steps.fold(f64::INFINITY, f64::min);
    if !resolution.is_finite() {
        return sorted.to_vec();
    }
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.flat_map(|run| {
        let place = move |index: usize| (count(index) + 0.5) / count(run.len()) - 0.5;
        run.iter()
            .enumerate()
            .map(move |(index, value)| value + resolution * place(index))
    })
    .collect()
}

/// Where to cut sorted values so that the sums of distances to the medians of both parts are least
/// (as Fisher 1958 with squares; distances keep a lone outlier from being a group).
fn split(sorted: &[f64]) -> usize {
    let n = sorted.len();
    let sums: Vec<f64> = std::iter::once(0.0)
        .chain(sorted.iter().scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum)
        }))
        .collect();
    // Upper half minus lower half; the middle of an odd number cancels.
    let distances = |from: usize, to: usize| {
        let half = (to - from) / 2;
        (sums[to] - sums[to - half]) - (sums[from + half] - sums[from])
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a tenth of n"
    )]
    let least = ((LEAST_SHARE * count(n)).ceil() as usize).max(1);
    (least..=n - least)
        .min_by(|a, b| {
            let cost = |cut: usize| distances(0, cut) + distances(cut, n);
            cost(*a).total_cmp(&cost(*b))
        })
        .unwrap_or(n / 2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::simulate::{Noise, share};

    /// Values of which a share is three times as large.
    fn sample(noise: &mut Noise, n: usize, slow: f64) -> Vec<f64> {
        let mut one = || noise.start(0.15) * if noise.chance(slow) { 3.0 } else { 1.0 };
        (0..n).map(|_| one()).collect()
    }

    #[test]
    fn rates_of_warnings() {
        for (n, slow, at_least, at_most) in [
            (20, 0.0, 0.0, 0.006),
            (60, 0.0, 0.0, 0.006),
            (400, 0.0, 0.0, 0.006),
            (60, 0.5, 0.95, 1.0),
            (200, 0.3, 0.95, 1.0),
            (400, 0.2, 0.85, 1.0),
        ] {
            let rate = share(600, u64::try_from(n).unwrap(), |noise| {
                bimodal(&sample(noise, n, slow)).is_some()
            });
            assert!((at_least..=at_most).contains(&rate), "{n} {slow}: {rate}");
        }
    }

    #[test]
    fn modes_are_described() {
        let values: Vec<f64> = (0..40)
            .map(|i| if i % 4 == 0 { 22.0 } else { 7.0 } + f64::from(i) / 99.0)
            .collect();
        let modes = bimodal(&values).unwrap();
        assert!(
            (7.0..7.4).contains(&modes.low) && (22.0..22.4).contains(&modes.high),
            "{modes:?}"
        );
        assert_eq!(modes.share_high, 0.25);
        assert_eq!(
            modes.to_string(),
            "25 % about 22.182, the others about 7.202"
        );
    }

    #[test]
    fn ties_of_a_coarse_clock_are_no_modes() {
        let mut noise = Noise::new(5);
        let ticks: Vec<f64> = (0..200)
            .map(|_| (30.0 * noise.start(0.05)).round())
            .collect();
        assert_eq!(bimodal(&ticks), None);
        assert_eq!(bimodal(&[4.0; 60]), None);
        let two: Vec<f64> = (0..60)
            .map(|i| if i % 2 == 0 { 7.0 } else { 22.0 })
            .collect();
        assert!(bimodal(&two).is_none_or(|modes| modes.share_high == 0.5));
        assert_eq!(bimodal(&[f64::NAN; 60]), None);
        assert_eq!(bimodal(&[]), None);
        assert!(bimodal(&[f64::MAX, f64::MIN].repeat(20)).is_none_or(|m| m.dip.is_finite()));
    }
}
