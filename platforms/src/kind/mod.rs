//! `kind`: a cluster whose nodes are containers of this host's Docker Engine.
//!
//! The cluster is found by the labels that kind puts on its nodes, and spoken to with the
//! administrator's kubeconfig that lies in its control plane: neither `kind` nor a kubeconfig on disk
//! is needed. Images are loaded into the node, as `kind load` does it. A cluster that was there is
//! never deleted.

mod find;
mod nodes;
mod supply;

use async_trait::async_trait;
use engine::{Detection, Libexec, OpenRequest, Platform, Session, SessionError};
use model::{PlatformFamily, PlatformName, RunId};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::session::{self, Opening};
use crate::kubernetes::{facts, names, sweep};
use find::Found;
use supply::NodeImages;

/// The platform.
pub(crate) static KIND: Kind = Kind;

/// A kind cluster of this host.
pub(crate) struct Kind;

#[async_trait]
impl Platform for Kind {
    fn name(&self) -> &'static str {
        "kind"
    }

    fn summary(&self) -> &'static str {
        "a kind cluster of this host's Docker Engine"
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Kubernetes
    }

    async fn detect(&self, _libexec: &Libexec) -> Detection {
        let found = async {
            let found = find::named_or_only().await?;
            let cluster = found.connect().await?;
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
        let opening = prepare(&request.run).await.map_err(|why| {
            SessionError::environment("open a session on kind", why).try_this(find::REMEDY)
        })?;
        session::open(opening, request).await
    }
}

/// Finds the cluster and a node of it.
async fn prepare(run: &RunId) -> Result<Opening, String> {
    let found = find::named_or_only().await?;
    let cluster = found.connect().await?;
    let node = facts::choose_node(&cluster).await?;
    let name = PlatformName::new("kind").map_err(|error| error.to_string())?;
    let mut facts = facts::look(name, &cluster, &node).await;
    facts.facts.extend(found.facts().await);
    let place = found.place();
    Ok(Opening {
        node: node.metadata.name.unwrap_or_default(),
        facts,
        kind: "kind",
        object: namespace_object(run, &place),
        outside: vec![images_object(run, &place)],
        supply: Box::new(NodeImages::new(found, run.clone())),
        cluster,
    })
}

fn images_object(run: &RunId, place: &str) -> String {
    format!("images of run {run} in {place}")
}

fn namespace_object(run: &RunId, place: &str) -> String {
    format!("namespace {} in {place}", names::namespace(run))
}

/// Removes an object of `run` by the ledger's name for it.
pub(crate) fn remove(run: &RunId, object: &str) -> Result<String, String> {
    let (what, place) = object
        .split_once(" in ")
        .ok_or("its name is not understood")?;
    let images = object == images_object(run, place);
    if !images && object != namespace_object(run, place) {
        return Err(format!("it is not of run {run}, so it is not touched"));
    }
    let (run, place) = (run.clone(), place.to_owned());
    crate::apart::run(move || async move {
        let found = Found::at(&place).await?;
        if images {
            NodeImages::new(found, run).sweep().await
        } else {
            let cluster: Cluster = found.connect().await?;
            let clock = engine::clock::Clock::system();
            sweep::namespace(clock, &cluster, &names::namespace(&run)).await
        }
    })?;
    Ok(format!("{what} removed"))
}
