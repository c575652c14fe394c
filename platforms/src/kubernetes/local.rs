//! The node that this host is: for clusters that run on the host itself.

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;
use model::ClusterSettings;

use super::cluster::Cluster;
use super::{call, facts};

/// The label with what a node calls its host.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// This host's node.
pub(crate) struct Local {
    pub(crate) node: Node,
    /// Whether the cluster has no other.
    pub(crate) is_alone: bool,
}

/// The node that the user names, else the one with this host's name. It has to be ready by the
/// cluster's word: the command lines call a cluster ready some time before its node is.
pub(crate) async fn find(cluster: &Cluster, settings: &ClusterSettings) -> Result<Local, String> {
    if settings.node.is_some() {
        let node = facts::node(cluster, settings).await?;
        return Ok(Local {
            node,
            is_alone: false,
        });
    }
    let uname = rustix::system::uname();
    // Names of nodes are lower case.
    let host = uname.nodename().to_string_lossy().to_lowercase();
    let api: Api<Node> = Api::all(cluster.client.clone());
    let listed = call::once("list the nodes", api.list(&ListParams::default())).await;
    let nodes = listed.map_err(|error| error.to_string())?.items;
    let is_alone = nodes.len() == 1;
    let names: Vec<String> = nodes.iter().map(|node| name(node).to_owned()).collect();
    let found = nodes.into_iter().find(|node| is_of(node, &host));
    let node = found.ok_or_else(|| {
        format!(
            "none of its nodes ({}) is called {host} as this host is, and images can be brought to \
             this host only; certify.yaml may say which node it is (clusters: <platform>: node)",
            names.join(", ")
        )
    })?;
    if facts::is_open(&node) {
        return Ok(Local { node, is_alone });
    }
    Err(format!(
        "its node {} is not ready and open to any pod: {}",
        name(&node),
        conditions(&node)
    ))
}

fn name(node: &Node) -> &str {
    node.metadata.name.as_deref().unwrap_or_default()
}

fn is_of(node: &Node, host: &str) -> bool {
    let labels = node.metadata.labels.as_ref();
    let label = labels.and_then(|labels| labels.get(HOSTNAME));
    name(node) == host || label.is_some_and(|label| label == host)
}

/// What a node says of itself.
pub(super) fn conditions(node: &Node) -> String {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let words: Vec<String> = conditions
        .map(|one| {
            let message = one.message.as_deref().unwrap_or_default();
            format!("{}={} ({message})", one.type_, one.status)
        })
        .collect();
    if words.is_empty() {
        return "it says nothing of itself".to_owned();
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(value: serde_json::Value) -> Node {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_node_is_this_host_by_name_or_label() {
        let named = node(serde_json::json!({"metadata": {"name": "box"}}));
        let labelled = node(serde_json::json!({"metadata": {
            "name": "10.0.0.7", "labels": {HOSTNAME: "box"}}}));
        let other = node(serde_json::json!({"metadata": {"name": "boxes"}}));
        assert!(is_of(&named, "box") && is_of(&labelled, "box"));
        assert!(!is_of(&other, "box"));
    }

    #[test]
    fn what_a_node_says_is_told() {
        let node = node(
            serde_json::json!({"metadata": {"name": "box"}, "status": {"conditions": [
            {"type": "Ready", "status": "False", "message": "cni plugin not initialized"}]}}),
        );
        let words = conditions(&node);
        assert_eq!(words, "Ready=False (cni plugin not initialized)");
    }
}
