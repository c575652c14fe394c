//! How a cluster is made for one run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A cluster that is made for a run and deleted at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterCreation {
    /// A configuration of kind's own, as seen from this file's folder: nodes, networking, patches. Its
    /// `name` is not used. Absent: one node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The image of the nodes, as `kind create cluster --image` takes it. Absent: kind's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Labels of every node, besides the one with the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
