//! The holder of a container's network: a container of its own with the prober inside.
//!
//! It is there before the measured container starts and polls from inside the same network, so no
//! published port, proxy or name stands between the question and the answer.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::{AttachContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use futures::{StreamExt, TryStreamExt};
use tokio_util::io::StreamReader;

use super::images::{self, told};
use super::names::Names;
use super::wanted;
use crate::prober::Prober;

/// A holder that runs.
pub(super) struct Holder {
    pub(super) id: String,
    pub(super) prober: Prober,
}

/// Creates and starts a holder; its prober answers.
pub(super) async fn start(
    client: &Docker,
    names: &Names,
    name: &str,
    image: &str,
    parent: String,
) -> Result<Holder, String> {
    let body = wanted::holder(names, image, parent);
    let id = images::create(client, &format!("{name}-holder"), names, body).await?;
    match attach(client, &id).await {
        Ok(prober) => Ok(Holder { id, prober }),
        Err(why) => {
            let _ = remove(client, &id).await;
            Err(format!("the holder of its network: {why}"))
        }
    }
}

async fn attach(client: &Docker, id: &str) -> Result<Prober, String> {
    let options = AttachContainerOptionsBuilder::new()
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .stream(true)
        .build();
    let attached = client.attach_container(id, Some(options)).await;
    let attached = attached.map_err(told)?;
    client.start_container(id, None).await.map_err(told)?;
    let output = attached.output.map_err(std::io::Error::other);
    let lines = output.filter_map(|piece| async move {
        match piece {
            Ok(LogOutput::StdOut { message }) => Some(Ok(message)),
            Ok(other) => {
                tracing::debug!("a prober says {other}");
                None
            }
            Err(error) => Some(Err(error)),
        }
    });
    Prober::over(attached.input, StreamReader::new(Box::pin(lines))).await
}

/// Removes a container whatever it does, with what is anonymous of it.
pub(super) async fn remove(client: &Docker, id: &str) -> Result<(), String> {
    let options = RemoveContainerOptionsBuilder::new()
        .force(true)
        .v(true)
        .build();
    match client.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(()),
        Err(error) => Err(told(error)),
    }
}
