//! What `kind create cluster` is told: the user's configuration, with the run's label on every node.

use model::{ClusterCreation, RunId};
use serde_json::{Map, Value, json};

use crate::kubernetes::names::LABEL;

/// The configuration that the user names, or kind's default, with labels on every node. JSON is YAML.
pub(super) fn configuration(wanted: &ClusterCreation, run: &RunId) -> Result<String, String> {
    let mut read: Value = match &wanted.config {
        None => json!({"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4"}),
        Some(path) => {
            let text = fs_err::read_to_string(path).map_err(|error| error.to_string())?;
            model::yaml::read(path, &text)?
        }
    };
    let of = wanted
        .config
        .as_deref()
        .unwrap_or("kind's default configuration");
    let cluster = read
        .as_object_mut()
        .ok_or_else(|| format!("{of} is no configuration of kind: it has no keys"))?;
    let nodes = cluster
        .entry("nodes")
        .or_insert_with(|| json!([{"role": "control-plane"}]));
    let nodes = nodes
        .as_array_mut()
        .ok_or_else(|| format!("in {of}: `nodes` is no list"))?;
    for node in nodes {
        let node = node
            .as_object_mut()
            .ok_or_else(|| format!("in {of}: a node has no keys"))?;
        label(node, wanted, run).ok_or_else(|| format!("in {of}: `labels` has no keys"))?;
    }
    Ok(read.to_string())
}

fn label(node: &mut Map<String, Value>, wanted: &ClusterCreation, run: &RunId) -> Option<()> {
    let labels = node.entry("labels").or_insert_with(|| json!({}));
    let labels = labels.as_object_mut()?;
    for (key, value) in &wanted.labels {
        labels.insert(key.clone(), json!(value));
    }
    labels.insert(LABEL.to_owned(), json!(run.as_str()));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunId {
        RunId::new("20260101t000000z-abcd").unwrap()
    }

    fn labels(text: &str) -> Vec<Value> {
        let read: Value = serde_json::from_str(text).unwrap();
        let nodes = read["nodes"].as_array().unwrap().iter();
        nodes.map(|node| node["labels"].clone()).collect()
    }

    #[test]
    fn every_node_carries_the_run() {
        let text = configuration(&ClusterCreation::default(), &run()).unwrap();
        assert_eq!(labels(&text), [json!({LABEL: "20260101t000000z-abcd"})]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kind.yaml");
        let given = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: mine\nnodes:\n\
                     - role: control-plane\n- role: worker\n  labels: {a: b, dev.certify/run: x}\n\
                     kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  maxPods: 200\n";
        fs_err::write(&path, given).unwrap();
        let wanted = ClusterCreation {
            config: Some(path.to_str().unwrap().to_owned()),
            image: None,
            labels: [("team".to_owned(), "blue".to_owned())].into(),
        };
        let text = configuration(&wanted, &run()).unwrap();
        let ours = json!({LABEL: "20260101t000000z-abcd", "team": "blue"});
        let mut second = ours.clone();
        second["a"] = json!("b");
        assert_eq!(labels(&text), [ours, second]);
        let read: Value = serde_json::from_str(&text).unwrap();
        let patch = read["kubeadmConfigPatches"][0].as_str().unwrap();
        assert_eq!(patch, "kind: KubeletConfiguration\nmaxPods: 200\n");
    }

    #[test]
    fn what_is_no_configuration_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (text, word) in [
            ("- a list\n", "no keys"),
            ("nodes: 3\n", "`nodes` is no list"),
            ("nodes: [worker]\n", "a node has no keys"),
            (
                "nodes: [{role: worker, labels: [a]}]\n",
                "`labels` has no keys",
            ),
            ("nodes: [\n", "kind.yaml"),
        ] {
            let path = folder.path().join("kind.yaml");
            fs_err::write(&path, text).unwrap();
            let wanted = ClusterCreation {
                config: Some(path.to_str().unwrap().to_owned()),
                ..ClusterCreation::default()
            };
            let why = configuration(&wanted, &run()).unwrap_err();
            assert!(why.contains("kind.yaml"), "{why}");
            assert!(why.contains(word), "{why}");
        }
        let absent = ClusterCreation {
            config: Some("/nowhere/kind.yaml".to_owned()),
            ..ClusterCreation::default()
        };
        let why = configuration(&absent, &run()).unwrap_err();
        assert!(why.contains("/nowhere/kind.yaml"), "{why}");
    }
}
