//! Images brought to the containerd of this host's node.

use async_trait::async_trait;
use camino::Utf8Path;
use model::{Digest, RunId};

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
        archive: &Utf8Path,
    ) -> Result<Reference, String> {
        let (from, to, tag) = (layout.to_owned(), archive.to_owned(), name.to_owned());
        let written = tokio::task::spawn_blocking(move || {
            image::write_daemon_archive(from.as_std_path(), manifest, &tag, to.as_std_path())
        });
        let written = written.await.map_err(|error| error.to_string())?;
        written.map_err(|error| error.to_string())?;
        let said = match &self.to_every_node {
            Some(program) => program.feed(&[], archive, TAKE).await,
            None => self.containerd.import(archive).await,
        };
        fs_err::remove_file(archive).map_err(|error| error.to_string())?;
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
