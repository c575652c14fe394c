//! Starts in place: `probe repeat`.

use serde::{Deserialize, Serialize};

use super::prober::Question;
use super::stamp::Stamp;

/// What is to be done, the first argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// What a started entrypoint is asked.
    pub question: Question,
    /// How long nothing is done at first; of containers that take turns, once all are there.
    pub hold_ms: u64,
    /// Fewest starts.
    pub least: u32,
    /// Most starts.
    pub most: u32,
    /// No start is begun later than this after the first one, unless fewer than `least` were made; of
    /// containers that take turns, no lap.
    pub for_ms: u64,
    /// Longest wait for one correct answer.
    pub deadline_ms: u64,
    /// The place among containers that take turns: one start each, lap by lap. Nothing for a container
    /// by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
}

/// A place among containers that take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// A folder that all of them can write to, and nobody else.
    pub folder: String,
    /// From 0, in the order in which the containers are started.
    pub place: u32,
    /// How many there are.
    pub places: u32,
}

/// What came of it: one line of output, [`Repeated::PREFIX`] and this document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// The clocks at the program's first instructions.
    pub first: Stamp,
    /// Every start, in order.
    pub starts: Vec<InPlace>,
    /// What the entrypoint did that there are not more; nothing when all was done.
    pub failed: Option<String>,
    /// Why there are not more, when it is not the entrypoint's doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
}

/// One start in place; instants of `CLOCK_MONOTONIC` in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InPlace {
    /// Just before the entrypoint was executed.
    pub exec_ns: u64,
    /// First byte of the first correct answer.
    pub ready_ns: u64,
}

impl Repeated {
    /// What the line begins with; a JSON object and a newline follow.
    pub const PREFIX: &'static str = "certify-starts ";

    /// Reads it from one line of output; nothing if the line is not one.
    pub fn from_line(line: &str) -> Option<Self> {
        let json = line.trim_end().strip_prefix(Self::PREFIX)?;
        serde_json::from_str(json).ok()
    }
}
