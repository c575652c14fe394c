//! How images reach the nodes of a cluster: each kind of cluster has its own way.

use async_trait::async_trait;
use camino::Utf8Path;
use model::Digest;

use super::wanted::Reference;

/// A way for images to reach a cluster.
#[async_trait]
pub(crate) trait Supply: Send + Sync {
    /// Brings the image `manifest` of the folder `layout` to where `node` finds it, as `name`. The
    /// file `archive` may be used on the way.
    async fn deliver(
        &self,
        node: &str,
        layout: &Utf8Path,
        manifest: Digest,
        name: &str,
        archive: &Utf8Path,
    ) -> Result<Reference, String>;

    /// Removes all that was delivered.
    async fn remove(&self) -> Result<(), String>;
}

/// Digests under which a node may know an image: its manifest's, and its configuration's, which
/// names every layer's content.
pub(crate) fn digests(layout: &Utf8Path, manifest: Digest) -> Result<Vec<String>, String> {
    let path = layout.join("blobs/sha256").join(manifest.hex());
    let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
    let document: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let config = document["config"]["digest"].as_str();
    let config = config.ok_or("the manifest names no configuration")?;
    Ok(vec![manifest.to_string(), config.to_owned()])
}
