//! Finding a kind cluster: by the labels of its nodes at the daemons of this host.

use std::collections::{BTreeMap, HashMap};

use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::create::OWN;
use super::nodes::{self, told};
use crate::daemon::{Connection, DOCKER_SOCKETS};
use crate::kubernetes::cluster::Cluster;

/// The label with a cluster's name.
const CLUSTER: &str = "io.x-k8s.kind.cluster";
/// The label with a node's role.
const ROLE: &str = "io.x-k8s.kind.role";
/// What names the cluster, as for kind itself.
const VARIABLE: &str = "KIND_CLUSTER_NAME";
/// What names of places begin with, as the ledger has them.
pub(super) const PLACES: &str = "kind cluster ";
/// What to try when there is none.
pub(super) const REMEDY: &str = "make one: `kind create cluster`, or `cargo xtask testbed up`; of several, name one in \
     KIND_CLUSTER_NAME";

/// A cluster that was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) daemon: Connection,
    name: String,
    control_plane: String,
}

/// The cluster that the user names, else the only one there is.
pub(super) async fn named_or_only() -> Result<Found, String> {
    let wanted = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    let mut found = Vec::new();
    let mut silent = Vec::new();
    for address in addresses() {
        match Connection::to(address).await {
            Ok(daemon) => found.extend(clusters(daemon).await?),
            Err(why) => silent.push(why),
        }
    }
    let known: Vec<String> = found.iter().map(Found::line).collect();
    match &wanted {
        Some(name) => found.retain(|cluster| cluster.name == *name),
        // One that another run made is gone with it.
        None => found.retain(|cluster| !cluster.name.starts_with(OWN)),
    }
    match (found.len(), wanted) {
        (1, _) => found.pop().ok_or_else(String::new),
        (0, Some(name)) => Err(format!(
            "there is no kind cluster `{name}` ({VARIABLE}); found: {}",
            joined(&known)
        )),
        (0, None) if silent.is_empty() => Err("there is no kind cluster on this host".to_owned()),
        (0, None) => Err(format!(
            "no daemon that could hold one answers: {}",
            silent.join("; ")
        )),
        (_, _) => Err(format!(
            "there are several kind clusters: {}",
            joined(&known)
        )),
    }
}

fn joined(known: &[String]) -> String {
    if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    }
}

/// The first daemon that answers: where a cluster is made.
pub(super) async fn daemon() -> Result<Connection, String> {
    let mut silent = Vec::new();
    for address in addresses() {
        match Connection::to(address).await {
            Ok(daemon) => return Ok(daemon),
            Err(why) => silent.push(why),
        }
    }
    if silent.is_empty() {
        let places = DOCKER_SOCKETS.join(", ");
        silent.push(format!(
            "nothing listens at {places}, and DOCKER_HOST names none"
        ));
    }
    Err(format!("no Docker Engine answers: {}", silent.join("; ")))
}

/// The daemon that the environment names, else those at the usual places.
fn addresses() -> Vec<String> {
    let named = std::env::var("DOCKER_HOST")
        .ok()
        .filter(|address| !address.is_empty());
    if let Some(address) = named {
        return vec![address];
    }
    let there = DOCKER_SOCKETS
        .into_iter()
        .filter(|socket| std::path::Path::new(socket).exists());
    there.map(|socket| format!("unix://{socket}")).collect()
}

/// The clusters of a daemon.
async fn clusters(daemon: Connection) -> Result<Vec<Found>, String> {
    let nodes = list_nodes(&daemon, CLUSTER.to_owned()).await?;
    let labelled = |node: &ContainerSummary, key: &str| {
        node.labels
            .as_ref()
            .and_then(|labels| labels.get(key).cloned())
    };
    Ok(nodes
        .iter()
        .filter(|node| labelled(node, ROLE).as_deref() == Some("control-plane"))
        .filter_map(|node| {
            Some(Found {
                daemon: daemon.clone(),
                name: labelled(node, CLUSTER)?,
                control_plane: node_name(node)?,
            })
        })
        .collect())
}

async fn list_nodes(daemon: &Connection, label: String) -> Result<Vec<ContainerSummary>, String> {
    list(daemon, label, false).await
}

/// Every container of a cluster, whether it runs or not, by name.
pub(super) async fn containers(daemon: &Connection, cluster: &str) -> Result<Vec<String>, String> {
    let nodes = list(daemon, format!("{CLUSTER}={cluster}"), true).await?;
    Ok(nodes.iter().filter_map(node_name).collect())
}

async fn list(
    daemon: &Connection,
    label: String,
    stopped_as_well: bool,
) -> Result<Vec<ContainerSummary>, String> {
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(stopped_as_well)
        .filters(&filters)
        .build();
    daemon
        .client
        .list_containers(Some(options))
        .await
        .map_err(told)
}

fn node_name(node: &ContainerSummary) -> Option<String> {
    let name = node.names.as_ref()?.first()?;
    Some(name.trim_start_matches('/').to_owned())
}

impl Found {
    /// The cluster `name`, which is being made.
    pub(super) fn made(daemon: Connection, name: &str) -> Self {
        Self {
            daemon,
            name: name.to_owned(),
            control_plane: format!("{name}-control-plane"),
        }
    }

    /// The cluster that [`Self::place`] names.
    pub(super) async fn at(place: &str) -> Result<Self, String> {
        let named = place
            .strip_prefix(PLACES)
            .and_then(|rest| rest.split_once(" at "));
        let (name, address) = named.ok_or("its name is not understood")?;
        let daemon = Connection::to(address.to_owned()).await?;
        let found = clusters(daemon)
            .await?
            .into_iter()
            .find(|found| found.name == name);
        found.ok_or_else(|| format!("{place} is not there any more"))
    }

    /// Where it is, so that it is found again.
    pub(super) fn place(&self) -> String {
        format!("{PLACES}{} at {}", self.name, self.daemon.address)
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        format!("{} at {}", self.name, self.daemon.address)
    }

    /// All nodes, by the names of their containers.
    pub(super) async fn nodes(&self) -> Result<Vec<String>, String> {
        let nodes = list_nodes(&self.daemon, format!("{CLUSTER}={}", self.name)).await?;
        Ok(nodes.iter().filter_map(node_name).collect())
    }

    /// Speaks to it as its administrator. The kubeconfig inside names an address of the nodes'
    /// network; from the host it is the published port.
    pub(super) async fn connect(&self) -> Result<Cluster, String> {
        let client = &self.daemon.client;
        let words = ["cat", "/etc/kubernetes/admin.conf"];
        let text = nodes::read(client, &self.control_plane, &words).await?;
        let inspected = client
            .inspect_container(&self.control_plane, None)
            .await
            .map_err(told)?;
        let ports = inspected
            .network_settings
            .and_then(|network| network.ports)
            .unwrap_or_default();
        let bindings = ports.get("6443/tcp").cloned().flatten().unwrap_or_default();
        let port = bindings.into_iter().find_map(|binding| binding.host_port);
        let port = port.ok_or_else(|| format!("{} publishes no API server", self.control_plane))?;
        let lines = text.lines().map(|line| match line.split_once("server: ") {
            Some((indent, _)) => format!("{indent}server: https://127.0.0.1:{port}"),
            None => line.to_owned(),
        });
        Cluster::from_kubeconfig(&lines.collect::<Vec<_>>().join("\n")).await
    }

    /// What a node of kind tells of itself: how images are stored, and what makes the network.
    /// `handler` is the one of the RuntimeClass in use.
    pub(super) async fn facts(&self, handler: Option<&str>) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::from([("kind.cluster".to_owned(), self.name.clone())]);
        let client = &self.daemon.client;
        let node = &self.control_plane;
        let runtime = nodes::runtime(client, node, handler).await;
        for (key, words) in [
            ("runtime.version", [runtime.as_str(), "--version"]),
            ("containerd.version", ["containerd", "--version"]),
        ] {
            if let Ok(text) = nodes::read(client, node, &words).await {
                let line = text.lines().next().unwrap_or_default();
                facts.insert(key.to_owned(), line.to_owned());
            }
        }
        facts.insert(
            "snapshotter".to_owned(),
            nodes::snapshotter(client, node).await,
        );
        // The nodes are containers of a daemon on this host.
        facts.insert("lsm".to_owned(), crate::runtime::facts::lsm());
        if let Ok(text) = nodes::read(client, node, &["ls", "/etc/cni/net.d"]).await {
            facts.insert(
                "cni".to_owned(),
                text.split_whitespace().collect::<Vec<_>>().join(" "),
            );
        }
        facts
    }
}
