//! The fingerprint of a cluster as a platform: what its API server says of itself and of the node.

use std::collections::BTreeMap;

use engine::clock::Clock;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::node::v1::RuntimeClass;
use kube::Api;
use kube::api::ListParams;
use model::{ClusterSettings, PlatformFacts, PlatformFamily, PlatformName, Standing};

use super::call;
use super::cluster::Cluster;

/// A node that takes our pods: ready, and open to all; one that keeps no control plane is preferred.
async fn choose_node(cluster: &Cluster) -> Result<Node, String> {
    let api: Api<Node> = Api::all(cluster.client.clone());
    let params = ListParams::default();
    let listed = call::insist(Clock::system(), "list the nodes", || api.list(&params)).await;
    let listed = listed.map_err(|error| match error.kind {
        call::Kind::Forbidden => {
            format!("{error}; name one in certify.yaml (clusters: <platform>: node)")
        }
        _ => error.to_string(),
    });
    let nodes = listed?.items;
    let count = nodes.len();
    let mut open: Vec<Node> = nodes.into_iter().filter(is_open).collect();
    open.sort_by_key(|node| (is_control_plane(node), node.metadata.name.clone()));
    let first = open.into_iter().next();
    first.ok_or_else(|| format!("none of its {count} node(s) is ready and open to any pod"))
}

/// The node to run on: the one that the user names, else one that is open.
pub(crate) async fn node(cluster: &Cluster, settings: &ClusterSettings) -> Result<Node, String> {
    match &settings.node {
        Some(name) => named_node(cluster, name).await,
        None => choose_node(cluster).await,
    }
}

/// The node that the user names, with what the caller may see of it.
async fn named_node(cluster: &Cluster, name: &str) -> Result<Node, String> {
    let api: Api<Node> = Api::all(cluster.client.clone());
    match call::insist(Clock::system(), "look at the node", || api.get(name)).await {
        Ok(node) => Ok(node),
        Err(error) if error.kind == call::Kind::Forbidden => {
            let mut node = Node::default();
            node.metadata.name = Some(name.to_owned());
            Ok(node)
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a node is ready and takes any pod.
pub(super) fn is_open(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let closed = spec.is_some_and(|spec| {
        let taints = spec.taints.iter().flatten();
        spec.unschedulable == Some(true)
            || taints
                .into_iter()
                .any(|taint| taint.effect != "PreferNoSchedule")
    });
    let labels = node.metadata.labels.as_ref();
    let linux = labels.is_none_or(|labels| {
        labels
            .get("kubernetes.io/os")
            .is_none_or(|os| os == "linux")
    });
    !closed && linux && is_ready(node)
}

/// Whether a node says that it is ready.
pub(super) fn is_ready(node: &Node) -> bool {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|one| one.type_ == "Ready" && one.status == "True");
    ready.next().is_some()
}

fn is_control_plane(node: &Node) -> bool {
    let labels = node.metadata.labels.as_ref();
    labels.is_some_and(|labels| labels.contains_key("node-role.kubernetes.io/control-plane"))
}

/// The handler of the RuntimeClass of measured pods, where one is asked for and may be read.
pub(crate) async fn handler(
    cluster: &Cluster,
    settings: &ClusterSettings,
) -> Result<Option<String>, String> {
    let Some(name) = &settings.runtime_class else {
        return Ok(None);
    };
    let api: Api<RuntimeClass> = Api::all(cluster.client.clone());
    let class = call::insist(Clock::system(), "look at the RuntimeClass", || {
        api.get(name)
    });
    match class.await {
        Ok(class) => Ok(Some(class.handler)),
        Err(error) if error.kind == call::Kind::Forbidden => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// What is known of a cluster and one node of it.
pub(crate) async fn look(
    name: PlatformName,
    cluster: &Cluster,
    node: &Node,
    settings: &ClusterSettings,
) -> PlatformFacts {
    let class = settings.runtime_class.clone();
    let class = class.unwrap_or_else(|| "the default".to_owned());
    let mut facts = BTreeMap::from([
        ("runtime.class".to_owned(), class),
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
            "images are brought to the node before anything is measured".to_owned(),
        )]),
    }
}

/// The kubelet's own settings, where the caller may read them through the API server.
async fn kubelet(cluster: &Cluster, node: &str) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let text = |path: String| async move {
        let wanted = http::Request::get(path).body(Vec::new());
        let wanted = wanted.map_err(|error| error.to_string())?;
        let said = call::once("read from the kubelet", cluster.client.request_text(wanted)).await;
        said.map_err(|error| match error.kind {
            call::Kind::Forbidden => "not readable with these rights".to_owned(),
            _ => format!("not read: {error}"),
        })
    };
    let settings = text(format!("/api/v1/nodes/{node}/proxy/configz")).await;
    let settings = settings.and_then(|text| {
        let read = serde_json::from_str::<serde_json::Value>(&text);
        read.map_err(|error| format!("not understood: {error}"))
    });
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => {
            facts.insert("kubelet.settings".to_owned(), why);
            return facts;
        }
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
    let version = metrics.as_deref().ok().and_then(|text| {
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
