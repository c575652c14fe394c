//! Images brought to the containerd of this host's node.

use async_trait::async_trait;
use camino::Utf8Path;
use model::{Digest, RunId};

use crate::archive;
use crate::calling::Program;
use crate::containerd::{Containerd, TAKE};
use crate::identity::digests;
use crate::kubernetes::supply::Supply;
use crate::kubernetes::wanted::Reference;

/// Images of a run in this host's node.
pub(crate) struct SnapImages {
    pub(crate) containerd: Containerd,
    /// The platform's own way in, where it is the only node.
    pub(crate) to_every_node: Option<Program>,
    pub(crate) run: RunId,
}

#[async_trait]
impl Supply for SnapImages {
    async fn deliver(
        &self,
        _node: &str,
        layout: &Utf8Path,
        manifest: Digest,
        name: &str,
        path: &Utf8Path,
    ) -> Result<Reference, String> {
        archive::write(layout, manifest, name, path).await?;
        let said = match &self.to_every_node {
            Some(program) => program.feed(&[], path, TAKE).await,
            None => self.containerd.import(path).await,
        };
        fs_err::remove_file(path).map_err(|error| error.to_string())?;
        let digests = digests(layout, manifest)?;
        // Whatever it ended with: what counts is what is there now.
        self.containerd.confirm(name, &digests, &said?).await?;
        Ok(Reference {
            name: self.containerd.known_as(name).await?,
            pull: "Never",
            digests,
        })
    }

    async fn remove(&self) -> Result<(), String> {
        self.containerd.sweep(&self.run).await
    }
}
