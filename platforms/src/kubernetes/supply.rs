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
