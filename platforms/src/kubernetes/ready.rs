//! Waiting for the nodes of a cluster that was just made.

use std::time::Duration;

use engine::clock::Clock;
use engine::wait::Deadline;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;

use super::cluster::Cluster;
use super::{call, facts, local};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits until the cluster has `count` nodes and each says that it is ready, and one takes any pod. The
/// error tells what the others said last.
pub(crate) async fn nodes(
    clock: Clock,
    cluster: &Cluster,
    count: usize,
    within: Duration,
) -> Result<(), String> {
    let api: Api<Node> = Api::all(cluster.client.clone());
    let deadline = Deadline::after(clock, within);
    let all = ListParams::default();
    loop {
        let listed = call::insist(clock, "list the nodes", || api.list(&all)).await;
        let nodes = listed.map_err(|error| error.to_string())?.items;
        let Some(missing) = missing(&nodes, count) else {
            return Ok(());
        };
        if deadline.passed(clock) {
            let seconds = within.as_secs();
            return Err(format!(
                "not all nodes are ready after {seconds} s: {missing}"
            ));
        }
        clock.sleep(PAUSE).await;
    }
}

/// What is still missing.
fn missing(nodes: &[Node], count: usize) -> Option<String> {
    if nodes.len() < count {
        return Some(format!("{} of {count} are there", nodes.len()));
    }
    if let Some(node) = nodes.iter().find(|node| !facts::is_ready(node)) {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        return Some(format!("{name}: {}", local::conditions(node)));
    }
    let open = nodes.iter().any(facts::is_open);
    (!open).then(|| "none takes any pod".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_nodes_have_to_be_ready() {
        let node = |name: &str, ready: &str, taint: bool| -> Node {
            let taints = if taint {
                serde_json::json!([{"key": "a", "effect": "NoSchedule"}])
            } else {
                serde_json::json!([])
            };
            serde_json::from_value(serde_json::json!({
                "metadata": {"name": name},
                "spec": {"taints": taints},
                "status": {"conditions": [{"type": "Ready", "status": ready, "message": "words"}]},
            }))
            .unwrap()
        };
        let (first, second) = (node("a", "True", true), node("b", "True", false));
        assert_eq!(missing(&[first.clone(), second.clone()], 2), None);
        let one = missing(std::slice::from_ref(&second), 2).unwrap();
        assert_eq!(one, "1 of 2 are there");
        let late = missing(&[second, node("c", "False", false)], 2).unwrap();
        assert_eq!(late, "c: Ready=False (words)");
        let closed = missing(&[first], 1).unwrap();
        assert_eq!(closed, "none takes any pod");
    }
}
