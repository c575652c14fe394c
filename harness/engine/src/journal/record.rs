//! What a journal holds.

use serde::{Deserialize, Serialize};

use model::{
    CellEnd, CellId, Digest, ExitCode, ImageFacts, Observation, Plan, PlatformFacts, RunId, Trial,
};

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(
    clippy::large_enum_variant,
    reason = "records are written and read one at a time"
)]
pub enum Record {
    /// The first record.
    Header(Header),
    /// The plan; nothing before it runs.
    Plan(Plan),
    /// An image was built or read.
    Image(ImageFacts),
    /// A session opened.
    Session(PlatformFacts),
    /// A session could not open: its cells end as environment errors.
    NoSession {
        /// The platform.
        platform: model::PlatformName,
        /// What was attempted, why it failed, what to try.
        reason: String,
    },
    /// An object is about to be made; written before it is.
    Intent {
        /// A name unique in the run.
        object: String,
        /// How to remove it: `cgroup`, `mount`, `container`, `namespace`, ...
        kind: String,
    },
    /// An object is gone.
    Removed {
        /// Its name.
        object: String,
    },
    /// Observing of a cell begins.
    CellStart {
        /// The cell.
        cell: CellId,
        /// Which attempt, from 0.
        attempt: u32,
    },
    /// A trial.
    Trial(Trial),
    /// A fact.
    Observation(Observation),
    /// Observing of a cell ended.
    CellEnd(CellEnd),
    /// How long something of the harness took, for the overhead figure.
    Span {
        /// What it was: `cut`, `build`, `unpack`, `trial`, `settle`, ...
        what: String,
        /// Milliseconds.
        ms: f64,
    },
    /// The run was asked to stop.
    Interrupted {
        /// By what.
        by: String,
    },
    /// The last record.
    Trailer(Trailer),
}

/// Who runs what, where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// `certify.journal/v1`.
    pub schema: String,
    /// The run.
    pub run: RunId,
    /// Program and version.
    pub tool: String,
    /// Digest of the program's sources.
    pub build: String,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// Command line without the program, secrets redacted.
    pub command: Vec<String>,
    /// What the host was like at the start.
    pub host: model::Environment,
}

/// What closes a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Records before this one.
    pub records: u64,
    /// End, RFC 3339 in UTC.
    pub ended: String,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// One-minute load average at the end, in hundredths.
    pub load_hundredths: u32,
    /// Digest of the verdict's canonical text.
    pub verdict: Digest,
    /// What the verdict says.
    pub exit_code: ExitCode,
}
