//! Clusters that a snap of this host runs: what MicroK8s and Canonical Kubernetes share.
//!
//! Each is found by its own command line, which also hands out the administrator's kubeconfig. Images
//! are brought to the containerd of this host and looked at there, so this host's node is the one
//! that everything runs on: what lies on another node nobody here could confirm, nor take away
//! again. Where certify.yaml names a registry, the node pulls them instead. Nothing is installed, started, stopped or set up, and no add-on is switched.

mod images;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::{ClusterSettings, PlatformFamily, RunId};

use crate::calling::Program;
use crate::containerd::Containerd;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::objects::Object;
use crate::kubernetes::pushed::Registry;
use crate::kubernetes::session::{self, Opening};
use crate::kubernetes::{facts, local, rights};
pub(crate) use images::SnapImages;

/// Where snaps put their programs: on Ubuntu and Debian, and on distributions that mount them
/// elsewhere.
const PROGRAMS: [&str; 2] = ["/snap/bin", "/var/lib/snapd/snap/bin"];
/// Where their files are mounted.
const MOUNTED: [&str; 2] = ["/snap", "/var/lib/snapd/snap"];

/// A snap that runs a cluster.
#[async_trait]
pub(crate) trait Snap: Send + Sync {
    /// Name of the platform: `microk8s`.
    fn name(&self) -> &'static str;

    /// One line for people.
    fn summary(&self) -> &'static str;

    /// Asks its command line whether a cluster runs, and for all that is needed to use it.
    async fn look(&self, patience: Patience) -> Result<Running, Missing>;

    /// The containerd of this host's node.
    fn containerd(&self) -> Result<Containerd, Missing>;
}

/// How long a cluster that is not ready is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// As long as one usually takes to start.
    UntilReady,
}

/// A cluster that runs, by its own words.
pub(crate) struct Running {
    /// Product and version.
    pub(crate) line: String,
    /// The administrator's kubeconfig.
    pub(crate) kubeconfig: String,
    /// What is known of it that its API server does not tell.
    pub(crate) facts: BTreeMap<String, String>,
    /// A program that takes an archive on its standard input and brings it to every node.
    pub(crate) to_every_node: Option<Program>,
}

/// Why there is no cluster to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) why: String,
    pub(crate) remedy: String,
}

impl Missing {
    pub(crate) fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// The platform of a snap.
pub(crate) struct SnapPlatform<S>(pub(crate) S);

#[async_trait]
impl<S: Snap> Platform for SnapPlatform<S> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn summary(&self) -> &str {
        self.0.summary()
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Kubernetes
    }

    async fn detect(&self, around: &Surroundings) -> Detection {
        let found = async {
            let running = self.0.look(Patience::None).await?;
            let cluster = connect(&running, &around.cluster).await?;
            let version = cluster.version;
            Ok::<String, Missing>(format!("{}, Kubernetes {version}", running.line))
        };
        match found.await {
            Ok(line) => Detection::Available(line),
            Err(Missing { why, remedy }) => Detection::Absent { why, remedy },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let attempted = format!("open a session on {}", request.platform);
        let opening = prepare(&self.0, &request).await.map_err(|missing| {
            SessionError::environment(attempted, missing.why).try_this(missing.remedy)
        })?;
        session::open(opening, request).await
    }

    fn rights(&self, namespace: &str) -> Option<String> {
        Some(rights::manifest(namespace))
    }
}

/// Speaks as the user says, else as the cluster's administrator.
async fn connect(running: &Running, settings: &ClusterSettings) -> Result<Cluster, Missing> {
    let connected = if settings.kubeconfig.is_some() {
        Cluster::of(settings).await
    } else {
        Cluster::from_kubeconfig(&running.kubeconfig).await
    };
    connected.map_err(|why| {
        Missing::new(
            format!(
                "{} runs, and its API server does not answer: {why}",
                running.line
            ),
            "look at the services of the snap: snap services",
        )
    })
}

/// Waits until the cluster runs, and finds this host's node.
async fn prepare(snap: &dyn Snap, request: &OpenRequest) -> Result<Opening, Missing> {
    let unclear = |why: String| Missing::new(why, "look at the cluster's nodes");
    let (run, settings) = (&request.run, &request.cluster);
    let containerd = snap.containerd()?;
    let running = snap.look(Patience::UntilReady).await?;
    let cluster = connect(&running, settings).await?;
    let local = local::find(&cluster, settings).await.map_err(unclear)?;
    let mut facts = facts::look(request.platform.clone(), &cluster, &local.node, settings).await;
    facts.facts.extend(running.facts);
    if let Some(handler) = facts::handler(&cluster, settings).await.map_err(unclear)? {
        facts.facts.insert("runtime.handler".to_owned(), handler);
    }
    // The node is this host.
    let lsm = crate::runtime::facts::lsm();
    facts.facts.insert("lsm".to_owned(), lsm);
    let place = place(snap.name());
    let chosen = Registry::or_else(settings, run, &mut facts.facts, || {
        let images = SnapImages {
            containerd,
            // Nothing takes images away from other nodes again.
            to_every_node: running.to_every_node.filter(|_| local.is_alone),
            run: run.clone(),
        };
        (Box::new(images), images_object(run, &place))
    });
    let (supply, outside) = chosen.map_err(unclear)?;
    Ok(Opening {
        node: local.node.metadata.name.unwrap_or_default(),
        namespace: settings.namespace.clone(),
        runtime_class: settings.runtime_class.clone(),
        facts,
        kind: snap.name(),
        object: Object::of(settings).name(run, &place),
        outside,
        supply,
        cluster,
        afterwards: None,
    })
}

/// How the ledger says where something is. There is one cluster of a snap on a host.
fn place(name: &str) -> String {
    format!("{name} of this host")
}

fn images_object(run: &RunId, place: &str) -> String {
    format!("images of run {run} in {place}")
}

/// Removes an object of `run` by the ledger's name for it.
pub(crate) fn remove(snap: &'static dyn Snap, run: &RunId, name: &str) -> Result<String, String> {
    let place = place(snap.name());
    let object = if name == images_object(run, &place) {
        None
    } else {
        let read = Object::read(run, name, &place).filter(|(_, there)| *there == place);
        let (object, _) = read.ok_or_else(|| {
            format!("it is not understood as one of run {run}, so it is not touched")
        })?;
        Some(object)
    };
    let told = |missing: Missing| format!("{}; {}", missing.why, missing.remedy);
    let run = run.clone();
    crate::apart::run(move || async move {
        let Some(object) = object else {
            return snap.containerd().map_err(told)?.sweep(&run).await;
        };
        let running = snap.look(Patience::None).await.map_err(told)?;
        let cluster = connect(&running, &ClusterSettings::default()).await;
        object.remove(&cluster.map_err(told)?, &run).await
    })?;
    Ok("removed".to_owned())
}

/// The program of a snap: on PATH, or where snaps put them for shells that have it not.
pub(crate) fn program(name: &str) -> Option<Utf8PathBuf> {
    let usual = || {
        let places = PROGRAMS
            .iter()
            .map(|folder| Utf8PathBuf::from(folder).join(name));
        places.into_iter().find(|path| path.is_file())
    };
    crate::runtime::command::which(name).or_else(usual)
}

/// The files of an installed snap.
pub(crate) fn files(name: &str) -> Option<Utf8PathBuf> {
    let places = MOUNTED
        .iter()
        .map(|folder| Utf8PathBuf::from(folder).join(name));
    places
        .map(|path| path.join("current"))
        .find(|path| path.is_dir())
}

/// What a kubeconfig is recognised by; wrappers print sentences instead and end with status 0.
pub(crate) fn is_kubeconfig(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "kind: Config") && text.contains("clusters:")
}
