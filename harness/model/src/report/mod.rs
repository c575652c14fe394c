//! The report: the only input of every format.

mod document;
mod rows;

pub use document::{
    Cleanup, Environment, Integrity, Report, RunInfo, Session, Subject, Suite, Totals,
};
pub use rows::{CheckRow, MeasurementRow};
