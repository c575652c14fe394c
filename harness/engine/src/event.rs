//! One stream of events, many readers: the terminal, logs, machines.

use model::{CellId, Outcome};

/// Something a person watching would like to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step outside cells begins: `Cut`, `python 3.13`.
    StepStarted {
        /// The verb.
        verb: &'static str,
        /// Its object.
        object: String,
    },
    /// The step ended.
    StepEnded {
        /// The verb.
        verb: &'static str,
        /// Its object and result.
        object: String,
        /// How long it took.
        ms: f64,
    },
    /// A cell begins.
    CellStarted {
        /// The cell.
        cell: CellId,
    },
    /// A cell goes on.
    CellProgress {
        /// The cell.
        cell: CellId,
        /// Steps done.
        done: u32,
        /// Steps expected.
        of: u32,
        /// How it stands: `0.99 ± 0.04`.
        note: String,
    },
    /// A cell ended.
    CellEnded {
        /// The cell.
        cell: CellId,
        /// What it came to.
        outcome: Outcome,
        /// In a line.
        summary: String,
        /// How long it took.
        ms: f64,
    },
    /// Something a person should know.
    Note(String),
}

/// A reader of events.
pub trait Listener: Send + Sync {
    /// Takes one event; must not block for long.
    fn on(&self, event: &Event);
}

/// A listener that ignores everything.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Listener for Silent {
    fn on(&self, _: &Event) {}
}
