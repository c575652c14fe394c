//! What a daemon is asked to create: the counterpart of the bundle of a bare runtime.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use engine::{Recipe, Stamper};
use model::WritablePath;

use super::names::{LABEL, Names};
use crate::probe_image::FOLDER as PROBE_FOLDER;

/// The probe inside.
fn probe() -> String {
    format!("{PROBE_FOLDER}/probe")
}

/// The container that is measured: as the recipe says, in the network of `holder`.
pub(super) fn subject(
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
        let options = tmpfs(path, config.user.uid, config.user.gid);
        (path.path.clone(), options)
    });
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
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
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

fn tmpfs(path: &WritablePath, uid: u32, gid: u32) -> String {
    let exec = if path.exec { "exec" } else { "noexec" };
    format!(
        "rw,nosuid,nodev,{exec},size={}m,mode=0700,uid={uid},gid={gid}",
        path.size_mib
    )
}
