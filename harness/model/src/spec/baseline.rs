//! What an image is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The other arm of every comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// What `apt-get install --no-install-recommends` of these packages on the release's slim base
    /// gives, per release: `{debian-13: [python3.13]}`.
    Install(BTreeMap<String, Vec<String>>),
    /// Another spec's content and its baseline's: used by controls, which differ by one flaw. The
    /// value names the spec whose candidate is the baseline.
    Spec(String),
    /// An existing image: a layout, an archive, a registry's (`docker://NAME`) or a daemon's
    /// (`docker-daemon:NAME`).
    Layout(String),
    /// No baseline: comparative criteria are blocked.
    None,
}
