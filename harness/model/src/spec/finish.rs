//! Finish steps: the image's own program, run once at build.

use serde::{Deserialize, Serialize};

/// A program of the image, run once at build on an overlay of it, in both arms, without network, as
/// uid 0 inside and without capabilities, with a cleared environment. Its new paths form the last
/// layer, owner `generated`; a new path outside `produces` refuses the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishStep {
    /// A short name: `bytecode`.
    pub name: String,
    /// The argument vector; the first part is an absolute path in the image.
    pub run: Vec<String>,
    /// Globs (`*`, `?`, `**`) of every path the step may make.
    pub produces: Vec<String>,
    /// Whether the result is the same for every architecture, so that the native cut of the same
    /// source version may run it for another one.
    #[serde(default)]
    pub portable: bool,
    /// Longest time it may take.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
}

const fn default_deadline_ms() -> u64 {
    120_000
}
