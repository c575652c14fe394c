//! Images at a daemon: loaded from archives, identified by content, read back file by file.

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ImportImageOptionsBuilder, RemoveContainerOptionsBuilder,
};
use bollard::{Docker, body_try_stream};
use camino::Utf8Path;
use futures::{StreamExt, TryStreamExt};
use model::Digest;
use rootfs::Tree;
use tokio_util::io::ReaderStream;

use super::names::Names;
use super::wanted;
use crate::identity::digests;
use crate::probe_image;

/// An image that a daemon holds.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// Its id at the daemon: a digest.
    pub(super) id: String,
}

/// Loads the image `manifest` of the folder `layout`, and makes sure that it is what is held.
pub(super) async fn load(
    client: &Docker,
    layout: &Utf8Path,
    manifest: Digest,
    tag: String,
    archive: &Utf8Path,
) -> Result<Held, String> {
    if !layout.is_dir() {
        return Err(format!(
            "{layout} is no OCI layout folder, and only such can be loaded"
        ));
    }
    crate::archive::write(layout, manifest, &tag, archive).await?;
    let loaded = send(client, archive).await;
    fs_err::remove_file(archive).map_err(|error| error.to_string())?;
    loaded?;
    let found = client.inspect_image(&tag).await.map_err(told)?;
    let id = found.id.unwrap_or_default();
    let wanted = digests(layout, manifest)?;
    if !wanted.contains(&id) {
        let wanted = wanted.join(" or ");
        return Err(format!(
            "the daemon calls it {id}, and it should be {wanted}"
        ));
    }
    Ok(Held { id })
}

async fn send(client: &Docker, archive: &Utf8Path) -> Result<(), String> {
    let file = tokio::fs::File::open(archive).await;
    let file = file.map_err(|error| format!("{archive}: {error}"))?;
    let body = body_try_stream(ReaderStream::with_capacity(file, 1 << 17));
    let options = ImportImageOptionsBuilder::new().quiet(true).build();
    let mut said = client.import_image(options, body, None);
    while let Some(line) = said.next().await {
        line.map_err(told)?;
    }
    Ok(())
}

/// Loads the image that holds the probe.
pub(super) async fn load_probe(
    client: &Docker,
    names: &Names,
    probe: &Utf8Path,
    scratch: &Utf8Path,
) -> Result<Held, String> {
    let layout = scratch.join("probe-image");
    let manifest = probe_image::write(probe, &layout).await?;
    let archive = scratch.join("probe.tar");
    load(client, &layout, manifest, names.image("probe"), &archive).await
}

/// The files that a container of this image has before it ever starts, as a tree.
pub(super) async fn files(client: &Docker, names: &Names, held: &Held) -> Result<Tree, String> {
    let created = create(client, "files", names, wanted::inert(names, &held.id)).await?;
    let exported = client.export_container(&created);
    let bytes = exported.try_fold(Vec::new(), |mut all, piece| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    let bytes = bytes.await.map_err(told);
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    client
        .remove_container(&created, Some(options))
        .await
        .map_err(told)?;
    let bytes = bytes?;
    let read = tokio::task::spawn_blocking(move || image::tree_of_archive(&bytes.into()));
    read.await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}

/// Creates a container; its id.
pub(super) async fn create(
    client: &Docker,
    name: &str,
    names: &Names,
    body: ContainerCreateBody,
) -> Result<String, String> {
    let name = names.container(name);
    let options = CreateContainerOptionsBuilder::new().name(&name).build();
    let created = client.create_container(Some(options), body).await;
    Ok(created.map_err(told)?.id)
}

/// The error in one line.
pub(super) fn told(error: bollard::errors::Error) -> String {
    match error {
        bollard::errors::Error::DockerResponseServerError {
            status_code,
            message,
        } => format!("the daemon said {status_code}: {message}"),
        other => other.to_string(),
    }
}
