//! `kubernetes`: the cluster that the user's `certify.yaml` names, of any kind.
//!
//! No other cluster is touched: neither `KUBECONFIG` nor a file in the home folder is looked at. Images
//! reach its nodes through the registry that the file names.

use async_trait::async_trait;
use camino::Utf8Path;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::{ClusterSettings, PlatformFamily, RunId};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::objects::Object;
use crate::kubernetes::pushed::Registry;
use crate::kubernetes::session::{self, Opening};
use crate::kubernetes::{facts, rights};

/// What names of its places begin with, as the ledger has them.
const PLACES: &str = "cluster of ";
/// What to try when it cannot be used.
const REMEDY: &str = "in certify.yaml, under `clusters` and the platform's name, say kubeconfig: ... and \
                      registry: {pull: ..., push: ...}";
const NO_REGISTRY: &str = "certify.yaml names no registry for it (clusters: registry)";

/// The platform.
pub(crate) static KUBERNETES: Configured = Configured;

/// A cluster that is configured.
pub(crate) struct Configured;

#[async_trait]
impl Platform for Configured {
    fn name(&self) -> &str {
        "kubernetes"
    }

    fn summary(&self) -> &str {
        "the cluster that certify.yaml names by its kubeconfig"
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Kubernetes
    }

    async fn detect(&self, around: &Surroundings) -> Detection {
        let found = async {
            let place = place(&around.cluster)?;
            let cluster = Cluster::of(&around.cluster).await?;
            around.cluster.registry.as_ref().ok_or(NO_REGISTRY)?;
            Ok::<String, String>(format!(
                "{place} at {}, Kubernetes {}",
                cluster.server, cluster.version
            ))
        };
        match found.await {
            Ok(line) => Detection::Available(line),
            Err(why) => Detection::Absent {
                why,
                remedy: REMEDY.to_owned(),
            },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let attempted = format!("open a session on {}", request.platform);
        let opening = prepare(&request)
            .await
            .map_err(|why| SessionError::environment(attempted, why).try_this(REMEDY))?;
        session::open(opening, request).await
    }

    fn rights(&self, namespace: &str) -> Option<String> {
        Some(rights::manifest(namespace))
    }
}

async fn prepare(request: &OpenRequest) -> Result<Opening, String> {
    let settings = &request.cluster;
    let place = place(settings)?;
    let supply = Registry::named(settings, &request.run)?.ok_or(NO_REGISTRY)?;
    let cluster = Cluster::of(settings).await?;
    let node = facts::node(&cluster, settings).await?;
    let mut facts = facts::look(request.platform.clone(), &cluster, &node, settings).await;
    facts.facts.extend(supply.facts());
    if let Some(handler) = facts::handler(&cluster, settings).await? {
        facts.facts.insert("runtime.handler".to_owned(), handler);
    }
    Ok(Opening {
        node: node.metadata.name.unwrap_or_default(),
        namespace: settings.namespace.clone(),
        runtime_class: settings.runtime_class.clone(),
        facts,
        kind: "cluster",
        object: Object::of(settings).name(&request.run, &place),
        outside: Vec::new(),
        supply: Box::new(supply),
        cluster,
        afterwards: None,
    })
}

/// How the cluster is found again.
fn place(settings: &ClusterSettings) -> Result<String, String> {
    let kubeconfig = settings.kubeconfig.as_ref();
    let path = kubeconfig.ok_or("certify.yaml names no kubeconfig for it")?;
    let path = Utf8Path::new(path);
    let path = path
        .canonicalize_utf8()
        .map_err(|error| format!("{path}: {error}"))?;
    let context = settings.context.as_deref();
    let context = context.map_or_else(String::new, |name| format!(" context {name}"));
    Ok(format!("{PLACES}{path}{context}"))
}

/// The settings that [`place`] was made of.
fn settings_of(place: &str) -> Option<ClusterSettings> {
    let rest = place.strip_prefix(PLACES)?;
    let (path, context) = match rest.split_once(" context ") {
        Some((path, context)) => (path, Some(context.to_owned())),
        None => (rest, None),
    };
    Some(ClusterSettings {
        kubeconfig: Some(path.to_owned()),
        context,
        ..ClusterSettings::default()
    })
}

/// Removes an object of `run` by the ledger's name for it.
pub(crate) fn remove(run: &RunId, name: &str) -> Result<String, String> {
    let read = Object::read(run, name, PLACES);
    let read = read.and_then(|(object, place)| Some((object, settings_of(&place)?)));
    let (object, settings) = read
        .ok_or_else(|| format!("it is not understood as one of run {run}, so it is not touched"))?;
    let run = run.clone();
    crate::apart::run(move || async move {
        let cluster = Cluster::of(&settings).await?;
        object.remove(&cluster, &run).await
    })?;
    Ok("removed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let path = path.canonicalize_utf8().unwrap();
        for context in [None, Some("blue".to_owned())] {
            let settings = ClusterSettings {
                kubeconfig: Some(path.to_string()),
                context,
                ..ClusterSettings::default()
            };
            let place = place(&settings).unwrap();
            assert_eq!(settings_of(&place), Some(settings));
        }
    }

    #[test]
    fn a_cluster_that_nobody_named_is_not_looked_for() {
        let why = place(&ClusterSettings::default()).unwrap_err();
        assert!(why.contains("certify.yaml"), "{why}");
    }
}
