//! Under which digests an image is known once somebody else holds it.

use camino::Utf8Path;
use model::Digest;

/// Digests under which an image may be known to whoever holds it: its manifest's, and its configuration's, which
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
