//! Starts that are timed in turn: containers of one round lie beside each other, and their entrypoints
//! are started one after another, lap by lap.
//!
//! For platforms that are too busy with a container's own start to time an application in it. What is
//! compared happened within milliseconds of each other, so whatever the machine does for longer than a
//! lap is in all arms alike.

use crate::clock::MonotonicNs;
use crate::error::StartError;
use crate::session::StartStamps;

/// One start of the entrypoint in a container that runs already, on the node's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InPlaceStart {
    /// Just before the entrypoint was executed.
    pub exec: MonotonicNs,
    /// First correct response byte.
    pub ready: MonotonicNs,
}

/// What came of one place of a lap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTurn {
    /// The start of its container; ready is the first start in place.
    pub stamps: StartStamps,
    /// Its starts, in order.
    pub starts: Vec<InPlaceStart>,
    /// Why it does not count, if it does not.
    pub rejected: Option<String>,
}

/// A lap that did not come about.
#[derive(Debug, Clone)]
pub struct LapError {
    /// The place whose doing it was, counted from 0.
    pub place: usize,
    /// What happened there.
    pub error: StartError,
}
