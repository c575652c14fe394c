//! `kind`: a cluster whose nodes are containers of this host's Docker Engine.
//!
//! The cluster is found by the labels that kind puts on its nodes, and spoken to with the
//! administrator's kubeconfig that lies in its control plane: neither `kind` nor a kubeconfig on disk
//! is needed. Images are loaded into the node, as `kind load` does it, or pulled by the node where
//! certify.yaml names a registry (`clusters: kind: registry`). Where it says so
//! (`clusters: kind: create`), a cluster is made for the run by the program `kind` and deleted at its
//! end; one that was there is never deleted.

mod configuration;
mod create;
mod created;
mod find;
mod nodes;
mod supply;

use std::sync::Arc;

use async_trait::async_trait;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::{ClusterSettings, PlatformFamily, RunId};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::objects::Object;
use crate::kubernetes::pushed::Registry;
use crate::kubernetes::session::{self, Opening};
use crate::kubernetes::{facts, rights};
use created::WithIt;
use find::{Found, PLACES};
use supply::NodeImages;

/// The platform.
pub(crate) static KIND: Kind = Kind;

/// A kind cluster of this host.
pub(crate) struct Kind;

#[async_trait]
impl Platform for Kind {
    fn name(&self) -> &str {
        "kind"
    }

    fn summary(&self) -> &str {
        "a kind cluster of this host's Docker Engine"
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Kubernetes
    }

    async fn detect(&self, around: &Surroundings) -> Detection {
        if around.cluster.create.is_some() {
            return match create::look().await {
                Ok(line) => Detection::Available(line),
                Err(why) => Detection::Absent {
                    why,
                    remedy: create::REMEDY.to_owned(),
                },
            };
        }
        let found = async {
            let found = find::named_or_only().await?;
            let cluster = connect(&found, &around.cluster).await?;
            Ok::<String, String>(format!("{}, Kubernetes {}", found.line(), cluster.version))
        };
        match found.await {
            Ok(line) => Detection::Available(line),
            Err(why) => Detection::Absent {
                why,
                remedy: find::REMEDY.to_owned(),
            },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let attempted = format!("open a session on {}", request.platform);
        let failed =
            |why: String, remedy: &str| SessionError::environment(&attempted, why).try_this(remedy);
        let Some(wanted) = request.cluster.create.clone() else {
            let found = find::named_or_only().await;
            let found = found.map_err(|why| failed(why, find::REMEDY))?;
            let opening = prepare(&request, found).await;
            return session::open(opening.map_err(|why| failed(why, find::REMEDY))?, request).await;
        };
        let cluster = create::create(&request, &wanted).await;
        let cluster = cluster.map_err(|why| why.told(&attempted, &request.stop))?;
        let cluster = Arc::new(cluster);
        let opened = async {
            let opening = prepare(&request, cluster.found.clone()).await;
            let opening = Opening {
                afterwards: Some(Box::new(WithIt(cluster.clone()))),
                ..opening.map_err(|why| failed(why, create::REMEDY))?
            };
            session::open(opening, request).await
        };
        match opened.await {
            Err(error) => Err(created::after(error, &cluster).await),
            opened => opened,
        }
    }

    fn rights(&self, namespace: &str) -> Option<String> {
        Some(rights::manifest(namespace))
    }
}

/// Finds the cluster and a node of it.
async fn prepare(request: &OpenRequest, found: Found) -> Result<Opening, String> {
    let (run, settings) = (&request.run, &request.cluster);
    let cluster = connect(&found, settings).await?;
    let node = facts::node(&cluster, settings).await?;
    let mut facts = facts::look(request.platform.clone(), &cluster, &node, settings).await;
    let handler = facts::handler(&cluster, settings).await?;
    facts.facts.extend(found.facts(handler.as_deref()).await);
    let place = found.place();
    let (supply, outside) = Registry::or_else(settings, run, &mut facts.facts, || {
        let images = NodeImages::new(found, run.clone());
        (Box::new(images), images_object(run, &place))
    })?;
    Ok(Opening {
        node: node.metadata.name.unwrap_or_default(),
        namespace: settings.namespace.clone(),
        runtime_class: settings.runtime_class.clone(),
        facts,
        kind: "kind",
        object: Object::of(settings).name(run, &place),
        outside,
        supply,
        cluster,
        afterwards: None,
    })
}

fn images_object(run: &RunId, place: &str) -> String {
    format!("images of run {run} in {place}")
}

/// Speaks as the user says, else as the cluster's administrator.
async fn connect(found: &Found, settings: &ClusterSettings) -> Result<Cluster, String> {
    if settings.kubeconfig.is_some() {
        Cluster::of(settings).await
    } else {
        found.connect().await
    }
}

/// Removes an object of `run` by the ledger's name for it.
pub(crate) fn remove(run: &RunId, name: &str) -> Result<String, String> {
    if let Some(address) = create::address_in(run, name) {
        // With a cluster of the run's own goes all that is in it.
        let run = run.clone();
        crate::apart::run(move || async move { create::sweep(&run, &address).await })?;
        return Ok("removed".to_owned());
    }
    let unknown = || format!("it is not understood as one of run {run}, so it is not touched");
    let (object, place) = match images_place(run, name) {
        Some(place) => (None, place),
        None => {
            let (object, place) = Object::read(run, name, PLACES).ok_or_else(unknown)?;
            (Some(object), place)
        }
    };
    let run = run.clone();
    crate::apart::run(move || async move {
        let found = Found::at(&place).await?;
        match object {
            None => NodeImages::new(found, run).sweep().await,
            Some(object) => object.remove(&found.connect().await?, &run).await,
        }
    })?;
    Ok("removed".to_owned())
}

/// The cluster whose nodes hold images of `run`, if that is what `name` says.
fn images_place(run: &RunId, name: &str) -> Option<String> {
    let (_, rest) = name.split_once(&format!(" in {PLACES}"))?;
    let place = format!("{PLACES}{rest}");
    (name == images_object(run, &place)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_back_and_those_of_others_are_not() {
        let run = RunId::new("20260101t000000z-abcd").unwrap();
        let stranger = RunId::new("20260101t000000z-ffff").unwrap();
        let place = "kind cluster c at unix:///x";
        let name = images_object(&run, place);
        assert_eq!(images_place(&run, &name).as_deref(), Some(place));
        assert_eq!(images_place(&stranger, &name), None);
        assert_eq!(
            images_place(&run, "namespace a in kind cluster c at x"),
            None
        );
    }
}
