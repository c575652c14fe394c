//! A daemon that answers.

use std::time::Duration;

use bollard::models::{SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker};
use engine::SessionError;

use super::Daemon;

/// Longest wait for one answer. Images are sent in one call.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose daemon it is: both speak the same interface, and not quite alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Make {
    /// Docker's, or anybody's who says nothing else.
    Docker,
    /// Podman's, of this version.
    Podman(String),
}

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
        let connection = Self::to(address).await.map_err(absent)?;
        match connection.unfit() {
            None => Ok(connection),
            Some(why) => Err(SessionError::environment(attempted, why)
                .try_this("configure crun, or runc 1.2 or later, as Podman's runtime")),
        }
    }

    /// Why containers cannot run there as specs want it, if they cannot.
    fn unfit(&self) -> Option<String> {
        if self.make() == Make::Docker {
            return None;
        }
        let mut components = self.version.components.iter().flatten();
        let runtime = components.find(|one| one.name.starts_with("OCI Runtime"))?;
        is_old_runc(&runtime.version).then(|| {
            let line = runtime.version.lines().next().unwrap_or_default();
            format!(
                "its runtime is {line}, which ignores the mode of a tmpfs: Podman can give it no owner, \
                 so no image could write where its spec says it may"
            )
        })
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
        let version = match self.make() {
            Make::Podman(version) => return format!("podman {version}"),
            Make::Docker => self.version.version.as_deref(),
        };
        format!("docker {}", version.unwrap_or("of no version"))
    }

    /// Whose it is.
    pub(super) fn make(&self) -> Make {
        let mut components = self.version.components.iter().flatten();
        let podman = components.find(|component| component.name.contains("Podman"));
        podman.map_or(Make::Docker, |found| Make::Podman(found.version.clone()))
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

/// Whether a runtime's version is a runc before 1.2.
fn is_old_runc(version: &str) -> bool {
    let numbers = version.strip_prefix("runc version ");
    let mut numbers = numbers.into_iter().flat_map(|rest| rest.split('.'));
    let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    matches!((next(), next()), (Some(0), _) | (Some(1), Some(0..=1)))
}

/// The address: what the user names, else the first usual socket that is there.
pub(super) fn address(daemon: &Daemon) -> Result<String, String> {
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

#[cfg(test)]
mod tests {
    use super::is_old_runc;

    #[test]
    fn only_runc_before_1_2_is_old() {
        for old in [
            "runc version 1.1.5+ds1\ncommit: x",
            "runc version 1.0.0-rc95",
            "runc version 0.1",
        ] {
            assert!(is_old_runc(old), "{old}");
        }
        for fit in [
            "runc version 1.2.0",
            "runc version 1.5.2\nspec",
            "crun version 1.8.1",
            "",
            "runc",
        ] {
            assert!(!is_old_runc(fit), "{fit}");
        }
    }
}
