//! Contract of every format, over a report for each way a run can end.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod certificates;
mod contract;
mod fixture;
mod honesty;
mod markup;
mod page;
mod snapshots;
