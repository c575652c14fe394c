//! The archive in which an image is handed to a daemon or a node.

use camino::Utf8Path;
use model::Digest;

/// Writes the image `manifest` of the folder `layout` to the file `archive`, as `name`.
pub(crate) async fn write(
    layout: &Utf8Path,
    manifest: Digest,
    name: &str,
    archive: &Utf8Path,
) -> Result<(), String> {
    let (from, to, name) = (layout.to_owned(), archive.to_owned(), name.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        image::write_daemon_archive(from.as_std_path(), manifest, &name, to.as_std_path())
    });
    let written = written.await.map_err(|error| error.to_string())?;
    written.map_err(|error| error.to_string())
}
