//! `report.json`: its shape is published as a JSON Schema.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CellVerdict, CheckId, CheckRow, ClaimVerdict, ControlVerdict, Digest, ExitCode, ImageFacts,
    ImageName, LevelVerdict, MeasurementRow, NotSelected, Outcome, PlatformFacts, PlatformName,
    RunId, UsedWaiver,
};

/// Everything a reader, a gate or a format needs to know of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    /// Name and version of this shape: `certify.report/v1`.
    pub schema: String,
    /// The run itself.
    pub run: RunInfo,
    /// Whether the journal has its trailer; false reads as incomplete whatever else stands here.
    pub complete: bool,
    /// The verdict in a sentence.
    pub verdict: String,
    /// The verdict as an exit code.
    pub exit_code: ExitCode,
    /// Counts.
    pub totals: Totals,
    /// What was certified or not.
    pub subjects: Vec<Subject>,
    /// Platforms and what they are, as each session found them.
    pub platforms: Vec<PlatformFacts>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// Every planned cell, subjects and controls.
    pub cells: Vec<CellVerdict>,
    /// The checks of all cells, flat: the quick way for machines.
    pub checks: Vec<CheckRow>,
    /// The numbers of all cells, flat.
    pub measurements: Vec<MeasurementRow>,
    /// Claims audited.
    pub claims: Vec<ClaimVerdict>,
    /// Controls.
    pub controls: Vec<ControlVerdict>,
    /// The suites that ran and how they measure.
    pub suites: Vec<Suite>,
    /// The profile's waivers and what became of each.
    pub waivers: Vec<UsedWaiver>,
    /// What was left out, and why.
    pub not_selected: Vec<NotSelected>,
    /// What was made and removed.
    pub cleanup: Cleanup,
    /// What ties this document to its journal.
    pub integrity: Integrity,
}

/// The run itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunInfo {
    /// Its id.
    pub id: RunId,
    /// Program and version.
    pub tool: String,
    /// Digest of the program's sources.
    pub build: String,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// End, RFC 3339 in UTC.
    pub ended: String,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Wall time outside trials and their floors, in milliseconds: the harness's share.
    pub overhead_ms: u64,
    /// Command line, without the program.
    pub command: Vec<String>,
    /// The profile's name.
    pub profile: String,
    /// The profile's digest.
    pub profile_digest: Digest,
    /// The plan's digest.
    pub plan_digest: Digest,
    /// The host.
    pub host: Environment,
}

/// What the host was like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Environment {
    /// Kernel release.
    pub kernel: String,
    /// Processors available.
    pub cpus: u32,
    /// Memory.
    pub memory_bytes: u64,
    /// One-minute load average at the start.
    pub load_start: f64,
    /// One-minute load average at the end.
    pub load_end: f64,
    /// `root` or `normal user`.
    pub privilege: String,
}

/// One certified (or refused) image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subject {
    /// Its name.
    pub image: ImageName,
    /// The spec's one line.
    pub summary: String,
    /// Digest of the spec.
    pub spec_digest: Digest,
    /// Checks that it fails by what it is, and why, as its spec says. They are failures like others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub falls_short: BTreeMap<CheckId, String>,
    /// What it came to over all its cells.
    pub outcome: Outcome,
    /// Levels reached.
    pub levels: Vec<LevelVerdict>,
    /// The image.
    pub candidate: ImageFacts,
    /// What it was compared with.
    pub baseline: Option<ImageFacts>,
}

/// One session on one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Session {
    /// The platform.
    pub platform: PlatformName,
    /// Sessions repeated because baseline against itself differed.
    pub repeated: u32,
    /// Milliseconds spent unpacking images for it (no claim is attached to it).
    pub unpack_ms: u64,
}

/// A suite and how it measures; the text comes from the suite's own code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// The question it answers.
    pub question: String,
    /// The method, as paragraphs.
    pub method: Vec<String>,
}

/// Counts over declared checks of subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the names are the outcomes")]
pub struct Totals {
    pub declared: u32,
    pub pass: u32,
    pub waived: u32,
    pub not_applicable: u32,
    pub fail: u32,
    pub other: u32,
    pub controls: u32,
    pub controls_refused: u32,
}

/// What was made on the platforms, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cleanup {
    /// Objects made.
    pub created: u32,
    /// Objects removed.
    pub removed: u32,
    /// What is left, by name.
    pub left: Vec<String>,
}

/// What ties the report to its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Integrity {
    /// Chained digest of the journal's last record, the trailer; absent when incomplete.
    pub journal: Option<Digest>,
    /// Records in the journal.
    pub records: u64,
    /// Digest of `verdict.json`'s canonical text.
    pub verdict: Digest,
}

impl Report {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "certify.report/v1";

    /// The published JSON Schema of this document.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
