//! What a daemon is asked to create: the counterpart of the bundle of a bare runtime.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use camino::{Utf8Path, Utf8PathBuf};
use engine::{Recipe, Stamper};
use model::{UserId, WritablePath};

use super::connection::Make;
use super::names::{LABEL, Names};
use crate::probe_image::FOLDER as PROBE_FOLDER;
use crate::runtime::bundle::seccomp;

/// The probe inside.
fn probe() -> String {
    format!("{PROBE_FOLDER}/probe")
}

/// How a daemon is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    /// Whose it is.
    pub(super) make: Make,
    /// A system call filter in place of the daemon's own.
    pub(super) filter: Option<Utf8PathBuf>,
}

impl Ways {
    /// Finds them, and writes the filter to a file of `scratch` where one is needed: Podman's own lets
    /// every container make user namespaces and mount in them, which Docker's and that of
    /// Kubernetes' runtimes do not.
    pub(super) fn of(make: Make, scratch: &Utf8Path) -> std::io::Result<Self> {
        let filter = match make {
            Make::Docker => None,
            Make::Podman(_) => {
                let path = scratch.join("seccomp.json");
                fs_err::write(&path, seccomp().to_string())?;
                Some(path)
            }
        };
        Ok(Self { make, filter })
    }

    /// What the report says of the filter.
    pub(super) const fn filter_word(&self) -> &'static str {
        match self.filter {
            None => "the daemon's own",
            Some(_) => {
                "the harness's: Podman's own lets every container make user namespaces and mount in them"
            }
        }
    }

    fn security(&self) -> Vec<String> {
        let filter = self.filter.iter().map(|path| format!("seccomp={path}"));
        filter.chain(["no-new-privileges".to_owned()]).collect()
    }
}

/// The container that is measured: as the recipe says, in the network of `holder`.
pub(super) fn subject(
    ways: &Ways,
    names: &Names,
    image: &str,
    recipe: &Recipe,
    stamper: Stamper,
    holder: &str,
    parent: String,
) -> ContainerCreateBody {
    let config = &recipe.config;
    let mut arguments: Vec<String> = Vec::new();
    let mut binds = None;
    if stamper == Stamper::InFront {
        arguments.extend([probe(), "stamp".to_owned(), "--".to_owned()]);
        binds = Some(vec![format!("{}:{PROBE_FOLDER}:ro", names.volume())]);
    }
    arguments.extend(config.entrypoint.iter().cloned());
    arguments.extend(config.command.iter().cloned());
    let environment = config
        .env
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let tmpfs = recipe.writable.iter().map(|path| {
        let options = tmpfs(&ways.make, path, config.user);
        (path.path.clone(), options)
    });
    let tmpfs = tmpfs.chain(unwanted(&ways.make, &recipe.writable));
    let resources = &recipe.resources;
    let memory = i64::from(resources.memory_mib) * 1_048_576;
    ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some(config.user.to_string()),
        env: Some(environment.collect()),
        entrypoint: Some(arguments),
        cmd: Some(Vec::new()),
        working_dir: Some(config.workdir.clone()),
        stop_signal: Some(config.stop_signal.clone()),
        labels: Some(labels(names)),
        host_config: Some(HostConfig {
            network_mode: Some(format!("container:{holder}")),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(ways.security()),
            tmpfs: Some(tmpfs.collect()),
            memory: Some(memory),
            // No swap beyond it, as on a bare runtime.
            memory_swap: Some(memory),
            pids_limit: Some(i64::from(resources.pids)),
            nano_cpus: resources
                .cpu_millis
                .map(|milli| i64::from(milli) * 1_000_000),
            cgroup_parent: Some(parent),
            binds,
            log_config: Some(log()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// The container that owns the network: nothing but loopback, and the prober inside.
pub(super) fn holder(names: &Names, image: &str, parent: String) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some("65534:65534".to_owned()),
        entrypoint: Some(vec![probe(), "prober".to_owned()]),
        cmd: Some(Vec::new()),
        open_stdin: Some(true),
        stdin_once: Some(true),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        labels: Some(labels(names)),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            cgroup_parent: Some(parent),
            log_config: Some(log()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// A container that is never started: its files are read.
pub(super) fn inert(names: &Names, image: &str) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["/never".to_owned()]),
        cmd: Some(Vec::new()),
        labels: Some(labels(names)),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// A container whose start fills the volume with the probe: a new volume takes what the image has at
/// its place. That the probe runs shows that it can.
pub(super) fn filler(names: &Names, image: &str) -> ContainerCreateBody {
    let mut body = inert(names, image);
    body.entrypoint = Some(vec![probe(), "--build-info".to_owned()]);
    if let Some(host) = &mut body.host_config {
        host.binds = Some(vec![format!("{}:{PROBE_FOLDER}", names.volume())]);
    }
    body
}

fn labels(names: &Names) -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), names.run().to_owned())])
}

/// Output in a file on the host, whatever the daemon's default is: it is read back.
fn log() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: None,
    }
}

/// Podman makes these writable beside a read-only root unless something else is there; the interface has
/// no word against it.
const UNASKED: [&str; 3] = ["/run", "/tmp", "/var/tmp"];

/// Empty and read-only mounts where a daemon would put writable ones that nobody asked for.
fn unwanted<'a>(
    make: &Make,
    declared: &'a [WritablePath],
) -> impl Iterator<Item = (String, String)> + use<'a> {
    let is_podman = matches!(make, Make::Podman(_));
    let own = UNASKED.into_iter().filter(move |_| is_podman);
    let own = own.filter(|path| declared.iter().all(|one| one.path != *path));
    own.map(|path| {
        (
            path.to_owned(),
            "ro,nosuid,nodev,noexec,size=4k,notmpcopyup".to_owned(),
        )
    })
}

fn tmpfs(make: &Make, path: &WritablePath, user: UserId) -> String {
    let exec = if path.exec { "exec" } else { "noexec" };
    let UserId { uid, gid } = user;
    let owner = match make {
        Make::Docker => format!("mode=0700,uid={uid},gid={gid}"),
        // Podman takes no owner (4.3 to 5.6: `unknown mount option "uid="`), and would copy what the
        // image has there.
        Make::Podman(_) => "mode=1777,notmpcopyup".to_owned(),
    };
    format!("rw,nosuid,nodev,{exec},size={}m,{owner}", path.size_mib)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writable_path_is_the_users_where_the_daemon_can_say_so() {
        let path = WritablePath {
            path: "/data".to_owned(),
            size_mib: 16,
            exec: false,
        };
        let user = UserId { uid: 7, gid: 8 };
        let docker = tmpfs(&Make::Docker, &path, user);
        assert_eq!(
            docker,
            "rw,nosuid,nodev,noexec,size=16m,mode=0700,uid=7,gid=8"
        );
        let make = Make::Podman("5".to_owned());
        let podman = tmpfs(&make, &path, user);
        assert_eq!(
            podman,
            "rw,nosuid,nodev,noexec,size=16m,mode=1777,notmpcopyup"
        );
        let declared = [WritablePath {
            path: "/run".to_owned(),
            ..path
        }];
        let others: Vec<String> = unwanted(&make, &declared).map(|(path, _)| path).collect();
        assert_eq!(others, ["/tmp", "/var/tmp"]);
        assert_eq!(unwanted(&Make::Docker, &declared).count(), 0);
    }
}
