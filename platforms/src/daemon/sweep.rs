//! Removing what a killed run left at a daemon, by its label.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder,
    RemoveVolumeOptionsBuilder,
};
use model::RunId;

use super::connection::Connection;
use super::holder;
use super::images::told;
use super::names::{LABEL, Names, address_in};

/// Removes everything of `run`; `object` is the ledger's name for it.
pub(crate) fn remove(run: &RunId, object: &str) -> Result<String, String> {
    let address = address_in(object).ok_or("its name is not understood")?;
    if *object != Names::of(run).object(address) {
        return Err(format!("it is not of run {run}, so it is not touched"));
    }
    let address = address.to_owned();
    let names = Names::of(run);
    let removed = crate::apart::run(move || async move {
        let connection = Connection::to(address).await?;
        all(&connection.client, &names).await
    })?;
    Ok(format!("{removed} object(s) removed"))
}

/// Removes containers, the volume and images; how many there were.
pub(super) async fn all(client: &Docker, names: &Names) -> Result<usize, String> {
    let mut removed = 0;
    let label = format!("{LABEL}={}", names.run());
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = client.list_containers(Some(options)).await.map_err(told)?;
    let mut left: Vec<String> = containers.into_iter().filter_map(|one| one.id).collect();
    // A container whose network others share is refused by Podman until they are gone.
    while !left.is_empty() {
        let (before, mut refused, mut last) = (left.len(), Vec::new(), String::new());
        for id in left {
            match holder::remove(client, &id).await {
                Ok(()) => removed += 1,
                Err(why) => {
                    last = why;
                    refused.push(id);
                }
            }
        }
        if refused.len() == before {
            return Err(last);
        }
        left = refused;
    }
    let options = RemoveVolumeOptionsBuilder::new().force(true).build();
    match client.remove_volume(&names.volume(), Some(options)).await {
        Ok(()) => {}
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 404, ..
        }) => {}
        Err(error) => return Err(told(error)),
    }
    let pattern = format!("certify.invalid/*:{}", names.run());
    let filters = HashMap::from([("reference".to_owned(), vec![pattern])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let images = client.list_images(Some(options)).await.map_err(told)?;
    let ends = format!(":{}", names.run());
    let tags = images.into_iter().flat_map(|image| image.repo_tags);
    for tag in tags.filter(|tag| tag.ends_with(&ends)) {
        let options = RemoveImageOptionsBuilder::new().force(true).build();
        let done = client.remove_image(&tag, Some(options), None).await;
        done.map_err(told)?;
        removed += 1;
    }
    Ok(removed)
}
