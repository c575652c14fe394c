//! `docker` and `podman`: a container daemon on this host, over the interface that both speak.
//!
//! Containers are made the way a user of the daemon makes them: images are loaded, containers are
//! created, started and removed by the daemon. What the kernel says of them is read on the host, so
//! the daemon has to be this host's own and the caller root.

pub(crate) mod connection;
mod container;
mod facts;
mod holder;
mod images;
mod inspecting;
mod names;
mod saved;
mod session;
mod starting;
mod sweep;
mod wanted;

use async_trait::async_trait;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::PlatformFamily;

pub(crate) use connection::Connection;

pub use saved::{SaveError, SavedImage, save_image};
pub(crate) use sweep::remove;

/// Where Docker Engines listen on a host: the one that is installed, and the test bed's. Both are
/// asked only by a run that names a platform of theirs.
pub(crate) const DOCKER_SOCKETS: [&str; 2] =
    ["/var/run/docker.sock", "/run/certify-testbed/docker.sock"];

/// Docker Engine.
pub(crate) static DOCKER: Daemon = Daemon {
    name: "docker",
    summary: "the Docker Engine of this host",
    variable: "DOCKER_HOST",
    sockets: &DOCKER_SOCKETS,
    package: "docker.io",
};

/// Podman's service.
pub(crate) static PODMAN: Daemon = Daemon {
    name: "podman",
    summary: "the Podman service of this host",
    variable: "CONTAINER_HOST",
    sockets: &[
        "/run/podman/podman.sock",
        "/run/certify-testbed/podman.sock",
    ],
    package: "podman, and start `podman system service`",
};

/// A daemon that speaks the Docker Engine interface.
pub(crate) struct Daemon {
    name: &'static str,
    summary: &'static str,
    /// The environment variable that names its address.
    variable: &'static str,
    /// Where it listens otherwise.
    sockets: &'static [&'static str],
    /// What provides it.
    package: &'static str,
}

#[async_trait]
impl Platform for Daemon {
    fn name(&self) -> &str {
        self.name
    }

    fn summary(&self) -> &str {
        self.summary
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Oci
    }

    async fn detect(&self, _around: &Surroundings) -> Detection {
        match Connection::open(self).await {
            Ok(connection) => Detection::Available(connection.line()),
            Err(error) => Detection::Absent {
                why: error.why,
                remedy: error.remedy.unwrap_or_default(),
            },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let connection = Connection::open(self).await?;
        session::open(self.name, connection, request).await
    }
}
