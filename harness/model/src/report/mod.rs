//! The report: the only input of every format.

mod document;

pub use document::{
    Cleanup, Environment, Integrity, Report, RunInfo, Session, Subject, Suite, Totals, Waiver,
};
