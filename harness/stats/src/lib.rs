//! Pure arithmetic of certification: intervals, equivalence, slopes, stopping rules.
//!
//! No I/O, no clock, no randomness but [`Xoshiro`] from a seed: the same samples give the same
//! numbers wherever they are judged again. No function panics on data; what cannot be said is a
//! [`StatsError`], and nothing narrows an interval or drops a value.
//!
//! | question | answered by |
//! | --- | --- |
//! | which arm is slower, by how much? | [`log_ratios`], [`signed_rank`], [`rank_sum`] |
//! | no worse than a margin? a claim true? | [`not_worse_than`], [`audit_lower`], [`holm`] |
//! | was the session fit to compare anything? | [`session_invalid`], [`bimodal`] |
//! | how many rounds, when to stop? | [`rounds_for`], [`rounds_for_miss_rate`], [`StopRule`] |
//! | what could have been seen? | [`detectable_effect`] |
//! | what does one more container cost? | [`theil_sen`], [`slope_ratio`] |
//!
//! Promised rates (coverage, false alarms, misses) are checked by seeded simulation beside the
//! code, numbers against scipy in `tests/`.

mod audit;
mod bimodal;
mod criterion;
mod dip;
mod error;
mod fisher;
mod holm;
mod interval;
mod normal;
mod order;
mod outlier;
mod power;
mod rank_sum;
mod ratio;
mod session;
mod signed_rank;
#[cfg(test)]
mod simulate;
mod slope;
mod slope_ratio;
mod stop;
mod student;
mod summary;
mod xoshiro;

pub use audit::{Finding, audit_lower};
pub use bimodal::{Bimodality, bimodal};
pub use criterion::{Criterion, not_worse_than};
pub use error::StatsError;
pub use fisher::fisher_exact;
pub use holm::holm;
pub use interval::Interval;
pub use outlier::{Mark, tukey_outliers};
pub use power::{detectable_effect, rounds_for, rounds_for_miss_rate};
pub use rank_sum::{RankSum, rank_sum};
pub use ratio::log_ratios;
pub use session::session_invalid;
pub use signed_rank::signed_rank;
pub use slope::theil_sen;
pub use slope_ratio::{SlopeRatio, slope_ratio};
pub use stop::{Next, StopRule};
pub use summary::{cv, mad, median, quantile};
pub use xoshiro::Xoshiro;
