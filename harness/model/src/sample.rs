//! Samples: raw observations as they were made, never edited.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CellId, Outcome};

/// Everything observed about one cell, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Timed or counted trials.
    pub trials: Vec<Trial>,
    /// Facts found, by kind; each kind's shape belongs to the suite that wrote it.
    pub observations: Vec<Observation>,
    /// How observing ended; absent when the cell was never started or the run broke off.
    pub end: Option<CellEnd>,
}

/// Which image a trial ran.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// The image under test.
    Candidate,
    /// What it is compared with.
    Baseline,
    /// The baseline a second time: the A/A control.
    BaselineAgain,
}

impl Arm {
    /// The three arms of a round.
    pub const ROUND: [Self; 3] = [Self::Candidate, Self::Baseline, Self::BaselineAgain];

    /// The word used in every document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Baseline => "baseline",
            Self::BaselineAgain => "baseline-again",
        }
    }
}

/// One trial: a start, or a reading at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trial {
    /// The cell.
    pub cell: CellId,
    /// Which attempt at the cell's session, from 0: an invalid session is repeated once.
    pub attempt: u32,
    /// The round (startup) or pass (density), from 0.
    pub round: u32,
    /// Place within the round, from 0.
    pub position: u32,
    /// Which image.
    pub arm: Arm,
    /// Whether it only warmed caches up.
    pub warmup: bool,
    /// Readings by name; the unit is the last part: `app_ready_ms`, `memory_bytes`, `containers`.
    pub values: BTreeMap<String, f64>,
    /// Why it does not count: the trial is kept and counted as rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
}

/// A fact found about a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The cell.
    pub cell: CellId,
    /// Which attempt at the cell's session, from 0.
    pub attempt: u32,
    /// What kind of fact; names the shape of `body`.
    pub kind: String,
    /// The fact.
    pub body: serde_json::Value,
}

/// How observing a cell ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellEnd {
    /// The cell.
    pub cell: CellId,
    /// `Pass` here means only that everything planned was observed; the judge decides the rest.
    pub ended: Outcome,
    /// Why, unless everything was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is left behind by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residue: Option<String>,
}
