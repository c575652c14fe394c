//! How a run uses a cluster: which one, and what of it.

use serde::{Deserialize, Serialize};

use crate::ClusterCreation;

/// What the user says of a cluster. Of one that is found by itself (`kind`) nothing needs to be said,
/// with the rights to make a namespace and to look at nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSettings {
    /// For a name of one's own: the platform whose kind of cluster it is (`kind`, `kubernetes`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// A kubeconfig, as seen from this file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The context of the kubeconfig. Absent: its current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// A namespace that is there, as `certify rbac` prints it: the run makes its pods in it, and no
    /// namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The node that everything runs on. Without it the run looks at the nodes and takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The RuntimeClass of measured pods. Absent: the cluster's default runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_class: Option<String>,
    /// The registry through which images reach the cluster, where they are not loaded into its nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistrySettings>,
    /// `kind` only: a cluster is made for the run and deleted at its end. Absent: one that is there is
    /// used, and stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<ClusterCreation>,
}

/// A registry between the harness and the nodes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrySettings {
    /// What nodes put before an image's name, as in `registry.example/certify`: they pull
    /// `registry.example/certify/<name>@<digest>`.
    pub pull: String,
    /// Where the same registry is for this program, to push images to. Absent: nothing is pushed;
    /// every image, the one of the probe as well, has to be there under its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<String>,
    /// Whether to push without encryption. A registry on loopback is spoken to so in any case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain_http: bool,
}
