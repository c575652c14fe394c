//! The fingerprint of a cluster as a platform: what its API server says of itself and of the node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;
use model::{PlatformFacts, PlatformFamily, PlatformName, Standing};

use super::call;
use super::cluster::Cluster;

/// A node that takes our pods: ready, and open to all; one that keeps no control plane is preferred.
pub(crate) async fn choose_node(cluster: &Cluster) -> Result<Node, String> {
    let api: Api<Node> = Api::all(cluster.client.clone());
    let listed = call::once("list the nodes", api.list(&ListParams::default())).await;
    let nodes = listed.map_err(|error| error.to_string())?.items;
    let count = nodes.len();
    let mut open: Vec<Node> = nodes.into_iter().filter(is_open).collect();
    open.sort_by_key(|node| (is_control_plane(node), node.metadata.name.clone()));
    let first = open.into_iter().next();
    first.ok_or_else(|| format!("none of its {count} node(s) is ready and open to any pod"))
}

fn is_open(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let closed = spec.is_some_and(|spec| {
        let taints = spec.taints.iter().flatten();
        spec.unschedulable == Some(true)
            || taints
                .into_iter()
                .any(|taint| taint.effect != "PreferNoSchedule")
    });
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|one| one.type_ == "Ready" && one.status == "True");
    let labels = node.metadata.labels.as_ref();
    let linux = labels.is_none_or(|labels| {
        labels
            .get("kubernetes.io/os")
            .is_none_or(|os| os == "linux")
    });
    !closed && linux && ready.next().is_some()
}

fn is_control_plane(node: &Node) -> bool {
    let labels = node.metadata.labels.as_ref();
    labels.is_some_and(|labels| labels.contains_key("node-role.kubernetes.io/control-plane"))
}

/// What is known of a cluster and one node of it.
pub(crate) async fn look(name: PlatformName, cluster: &Cluster, node: &Node) -> PlatformFacts {
    let mut facts = BTreeMap::from([
        ("kubernetes.version".to_owned(), cluster.version.clone()),
        ("server".to_owned(), cluster.server.clone()),
        ("privilege".to_owned(), "a pod's, restricted".to_owned()),
    ]);
    let node_name = node.metadata.name.clone().unwrap_or_default();
    facts.insert("node.name".to_owned(), node_name.clone());
    let info = node
        .status
        .as_ref()
        .and_then(|status| status.node_info.as_ref());
    if let Some(info) = info {
        for (key, value) in [
            ("kernel.release", &info.kernel_version),
            ("os", &info.os_image),
            ("cri.version", &info.container_runtime_version),
            ("kubelet.version", &info.kubelet_version),
            ("node.arch", &info.architecture),
        ] {
            facts.insert(key.to_owned(), value.clone());
        }
    }
    let allocatable = node
        .status
        .as_ref()
        .and_then(|status| status.allocatable.as_ref());
    for resource in ["cpu", "memory", "pods"] {
        let quantity = allocatable.and_then(|all| all.get(resource));
        if let Some(quantity) = quantity {
            facts.insert(format!("allocatable.{resource}"), quantity.0.clone());
        }
    }
    facts.extend(kubelet(cluster, &node_name).await);
    let said = |key: &str| {
        facts
            .get(key)
            .cloned()
            .unwrap_or_else(|| "not said".to_owned())
    };
    PlatformFacts {
        platform: name,
        family: PlatformFamily::Kubernetes,
        standing: Standing::Real,
        summary: format!(
            "Kubernetes {}, {}, kernel {}, cgroup {}",
            cluster.version,
            said("cri.version"),
            said("kernel.release"),
            said("cgroup.mode"),
        ),
        facts,
        cannot_measure: BTreeMap::from([(
            "pull".to_owned(),
            "images are loaded into the node, nothing is pulled".to_owned(),
        )]),
    }
}

/// The kubelet's own settings, where the caller may read them through the API server.
async fn kubelet(cluster: &Cluster, node: &str) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let text = |path: String| async move {
        let wanted = http::Request::get(path).body(Vec::new()).ok()?;
        let said = call::once("read from the kubelet", cluster.client.request_text(wanted)).await;
        said.ok()
    };
    let settings = text(format!("/api/v1/nodes/{node}/proxy/configz")).await;
    let settings: Option<serde_json::Value> =
        settings.and_then(|text| serde_json::from_str(&text).ok());
    let Some(settings) = settings else {
        facts.insert(
            "kubelet.settings".to_owned(),
            "not readable with these rights".to_owned(),
        );
        return facts;
    };
    for key in [
        "cgroupDriver",
        "cpuManagerPolicy",
        "maxPods",
        "podPidsLimit",
        "seccompDefault",
        "serializeImagePulls",
        "syncFrequency",
    ] {
        let value = &settings["kubeletconfig"][key];
        if !value.is_null() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            facts.insert(format!("kubelet.{key}"), value);
        }
    }
    let metrics = text(format!("/api/v1/nodes/{node}/proxy/metrics")).await;
    let version = metrics.as_deref().and_then(|text| {
        let line = text
            .lines()
            .find(|line| line.starts_with("kubelet_cgroup_version"))?;
        line.rsplit(' ').next()
    });
    if let Some(version) = version {
        facts.insert("cgroup.mode".to_owned(), format!("v{version}"));
    }
    facts
}
