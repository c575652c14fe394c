//! Pure arithmetic of certification: intervals, equivalence, slopes, stopping rules.

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
