//! Images loaded into a node, as `kind load image-archive` does it.

use async_trait::async_trait;
use camino::Utf8Path;
use model::{Digest, RunId};

use super::find::Found;
use super::nodes;
use crate::archive;
use crate::containerd::{known_as, removable};
use crate::identity::digests;
use crate::kubernetes::supply::Supply;
use crate::kubernetes::wanted::Reference;

/// The name space of containerd in which the kubelet's images lie.
const KUBELETS: &str = "--namespace=k8s.io";

/// Images of a run in the nodes of a cluster.
pub(super) struct NodeImages {
    found: Found,
    run: RunId,
}

impl NodeImages {
    pub(super) fn new(found: Found, run: RunId) -> Self {
        Self { found, run }
    }

    /// Removes the run's images from every node.
    pub(super) async fn sweep(&self) -> Result<(), String> {
        let client = &self.found.daemon.client;
        for node in self.found.nodes().await? {
            let listed = nodes::read(client, &node, &["ctr", KUBELETS, "images", "ls"]).await?;
            for name in removable(&self.run, &listed) {
                nodes::read(client, &node, &["ctr", KUBELETS, "images", "rm", &name]).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Supply for NodeImages {
    async fn deliver(
        &self,
        node: &str,
        layout: &Utf8Path,
        manifest: Digest,
        name: &str,
        path: &Utf8Path,
    ) -> Result<Reference, String> {
        archive::write(layout, manifest, name, path).await?;
        let client = &self.found.daemon.client;
        let snapshotter = format!("--snapshotter={}", nodes::snapshotter(client, node).await);
        let words = [
            "ctr",
            KUBELETS,
            "images",
            "import",
            "--all-platforms",
            &snapshotter,
            "-",
        ];
        let loaded = nodes::run(client, node, &words, Some(path)).await;
        fs_err::remove_file(path).map_err(|error| error.to_string())?;
        loaded?;
        let listed = nodes::read(client, node, &["ctr", KUBELETS, "images", "ls"]).await?;
        if !listed
            .lines()
            .any(|line| line.split_whitespace().next() == Some(name))
        {
            return Err(format!(
                "node {node} took the archive but has no image {name}"
            ));
        }
        Ok(Reference {
            name: known_as(&listed, name),
            pull: "Never",
            digests: digests(layout, manifest)?,
        })
    }

    async fn remove(&self) -> Result<(), String> {
        self.sweep().await
    }
}
