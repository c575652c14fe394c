//! Images that a daemon holds, written to an archive: what `docker save` writes.

use std::io::Write;

use bollard::errors::Error;
use camino::Utf8Path;
use engine::SessionError;
use futures::StreamExt;

use super::connection::{Connection, address};
use super::images::told;
use super::{DOCKER, Daemon};

/// An image, as the daemon knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedImage {
    /// Its id at the daemon: the digest of its configuration, or of its manifest where the daemon
    /// keeps manifests.
    pub id: String,
    /// Name, version and address of the daemon, for people.
    pub daemon: String,
}

/// Why an image could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The daemon has none of that name.
    #[error("{daemon} has no image `{name}`; try: docker image ls")]
    NoImage {
        /// Who was asked.
        daemon: String,
        /// For what.
        name: String,
    },
    /// It does not answer, or not to the end.
    #[error(transparent)]
    Daemon(#[from] SessionError),
}

/// Writes the image `name` of the Docker Engine of this host to `file`, at most `most_bytes`. What a
/// failure leaves of the file is the caller's to remove. Images may be saved by anybody whom the
/// daemon answers.
pub async fn save_image(
    name: &str,
    file: &Utf8Path,
    most_bytes: u64,
) -> Result<SavedImage, SaveError> {
    save(&DOCKER, name, file, most_bytes).await
}

async fn save(
    daemon: &Daemon,
    name: &str,
    file: &Utf8Path,
    most_bytes: u64,
) -> Result<SavedImage, SaveError> {
    let attempted = format!("save image {name} of {}", daemon.name);
    let failed = |why: String| {
        SaveError::Daemon(SessionError::environment(&attempted, why).try_this(format!(
            "see that it runs and answers you, or name its address in {}",
            daemon.variable
        )))
    };
    let address = address(daemon).map_err(failed)?;
    let connection = Connection::to(address).await.map_err(failed)?;
    let line = connection.line();
    let inspected = match connection.client.inspect_image(name).await {
        Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => {
            return Err(SaveError::NoImage {
                daemon: line,
                name: name.to_owned(),
            });
        }
        other => other.map_err(|error| failed(told(error)))?,
    };
    let disk = |error: std::io::Error| failed(error.to_string());
    let mut out = fs_err::File::create(file).map_err(disk)?;
    let mut pieces = connection.client.export_image(name);
    let mut written = 0_u64;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| failed(told(error)))?;
        written += piece.len() as u64;
        if written > most_bytes {
            return Err(failed(format!(
                "it exceeds the limit of {most_bytes} bytes"
            )));
        }
        out.write_all(&piece).map_err(disk)?;
    }
    Ok(SavedImage {
        id: inspected.id.unwrap_or_default(),
        daemon: line,
    })
}
