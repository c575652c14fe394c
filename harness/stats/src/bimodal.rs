//! A warning: these values have two modes, and one median does not describe them.
//!
//! A processor that slept or not, a container that still meets the removal of the last one: starts
//! then fall into two groups, and a median may jump from one to the other. The dip test warns, since
//! it assumes nothing about the shape of one mode: a long tail or outliers are no second mode, which
//! coefficients of skewness and kurtosis and mixtures of normals take them for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dip::dip;
use crate::summary::{count, quantile_of_sorted};

/// Fewer values say nothing about modes.
const FEWEST: usize = 20;

/// √n times the dip that at most 1 % of uniform samples exceed, for 20 to 1000 values (40,000
/// samples per size: 0.541 at 20, 0.590 at 100, 0.621 at 1000). The uniform distribution is the
/// unimodal one with the largest dip (Hartigan and Hartigan 1985): others alarm more rarely.
const CRITICAL: f64 = 0.63;

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

/// Warns when the dip test rejects one mode at 1 %. None below 20 values, and for values that are
/// not finite. Groups of one tenth or less are not found.
///
/// Equal values are spread over the resolution of the readings first: a coarse clock makes ties, and
/// every tie would count as a mode.
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
