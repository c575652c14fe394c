//! The platforms there are for a run: the program's, and the user's own names for clusters.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, anyhow, bail};
use engine::Platform;
use model::ClusterSettings;

/// Every platform that can be named.
#[derive(Clone)]
pub struct Known(Vec<&'static dyn Platform>);

impl Known {
    /// The program's, and those that `clusters` of a `certify.yaml` adds.
    pub fn with(clusters: &BTreeMap<String, ClusterSettings>) -> Result<Self> {
        let all = platforms::with_own_names(clusters).map_err(|why| anyhow!(why));
        Ok(Self(all.context("in certify.yaml: clusters")?))
    }

    /// All, in the order of reports.
    pub fn all(&self) -> &[&'static dyn Platform] {
        &self.0
    }

    /// The one of a name.
    pub fn find(&self, name: &str) -> Result<&'static dyn Platform> {
        if let Some(platform) = self.0.iter().find(|platform| platform.name() == name) {
            return Ok(*platform);
        }
        let known: Vec<&str> = self.0.iter().map(|platform| platform.name()).collect();
        bail!(
            "there is no platform `{name}` (known: {})",
            known.join(", ")
        )
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|platform| platform.name());
        formatter.debug_list().entries(names).finish()
    }
}
