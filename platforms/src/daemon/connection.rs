//! A daemon that answers.

use std::time::Duration;

use bollard::models::{SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker};
use engine::SessionError;

use super::Daemon;

/// Longest wait for one answer. Images are sent in one call.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection, and what the daemon says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) client: Docker,
    pub(crate) address: String,
    pub(super) version: SystemVersion,
    pub(super) info: SystemInfo,
}

impl Connection {
    /// Finds the daemon's address and asks who is there.
    pub(super) async fn open(daemon: &Daemon) -> Result<Self, SessionError> {
        let attempted = format!("reach {}", daemon.name);
        let absent = |why: String| {
            SessionError::environment(&attempted, why).try_this(format!(
                "install {}, or name its address in {}",
                daemon.package, daemon.variable
            ))
        };
        if !rustix::process::geteuid().is_root() {
            let why = "what the kernel says of containers is read on this host, which takes root";
            return Err(SessionError::environment(&attempted, why).try_this("run as root"));
        }
        let address = address(daemon).map_err(absent)?;
        Self::to(address).await.map_err(absent)
    }

    /// The daemon at `address`.
    pub(crate) async fn to(address: String) -> Result<Self, String> {
        let told = |error: bollard::errors::Error| format!("{address}: {error}");
        let client = Docker::connect_with_unix(&address, PATIENCE.as_secs(), API_DEFAULT_VERSION)
            .map_err(told)?;
        // Old daemons refuse newer versions of the interface.
        let client = client.negotiate_version().await.map_err(told)?;
        let version = client.version().await.map_err(told)?;
        let info = client.info().await.map_err(told)?;
        Ok(Self {
            client,
            address,
            version,
            info,
        })
    }

    /// Name and version, as they stand in reports.
    pub(super) fn product(&self) -> String {
        let components = self.version.components.iter().flatten();
        let podman = components
            .filter(|component| component.name.contains("Podman"))
            .map(|component| format!("podman {}", component.version))
            .next();
        podman.unwrap_or_else(|| {
            let version = self.version.version.as_deref().unwrap_or("of no version");
            format!("docker {version}")
        })
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        format!("{} at {}", self.product(), self.address)
    }

    /// Whether it makes control groups through systemd, where parents are slices.
    pub(super) fn is_systemd(&self) -> bool {
        let driver = self.info.cgroup_driver;
        driver.is_some_and(|driver| driver.to_string() == "systemd")
    }
}

/// The address: what the user names, else the first usual socket that is there.
fn address(daemon: &Daemon) -> Result<String, String> {
    if let Ok(named) = std::env::var(daemon.variable)
        && !named.is_empty()
    {
        if named.starts_with("unix://") {
            return Ok(named);
        }
        return Err(format!(
            "{} is {named}, and only a daemon of this host can be certified (unix://...): the \
             kernel that runs the containers is looked at",
            daemon.variable
        ));
    }
    let there = daemon
        .sockets
        .iter()
        .find(|socket| std::path::Path::new(socket).exists());
    match there {
        Some(socket) => Ok(format!("unix://{socket}")),
        None => Err(format!("nothing listens at {}", daemon.sockets.join(", "))),
    }
}
