//! Which build of the probe this is: `probe --build-info`.

use serde::{Deserialize, Serialize};

/// The probe's identity. The harness refuses a probe whose source hash is not its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildInfo {
    /// The program: `probe`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Hash of the sources it was built from, `unknown` when the build did not say.
    pub source_hash: String,
}
