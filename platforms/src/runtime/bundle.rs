//! The bundle's `config.json`: how every container of every arm runs.
//!
//! Source: OCI runtime specification 1.0.2. Read-only root, no capabilities, `no_new_privs`, the
//! seccomp profile, its own pid, mount, ipc, uts, cgroup and network namespaces, the declared writable
//! paths as `tmpfs`, and limits.

use camino::Utf8Path;
use engine::{Recipe, Stamper};
use model::{UserId, WritablePath};
use serde_json::{Value, json};

use super::Privilege;
use super::view::View;

/// The version of the specification that bundles say they keep to: all that is used here is in it, and
/// older runtimes (crun 1.8) take no later one.
pub(crate) const OCI_VERSION: &str = "1.0.2";
/// Our seccomp profile, in the OCI format.
const SECCOMP: &str = include_str!("../../profiles/seccomp-default.json");

/// Where the probe lies in a container that it stamps.
const PROBE_INSIDE: &str = "/.certify/probe";

/// What a bundle is made from.
pub(crate) struct Bundle<'a> {
    /// Its root.
    pub(crate) view: &'a View,
    /// With whose rights it runs.
    pub(crate) privilege: &'a Privilege,
    /// How it runs.
    pub(crate) recipe: &'a Recipe,
    /// Whether the stamper runs in front.
    pub(crate) stamper: Stamper,
    /// Our probe on the host.
    pub(crate) probe: &'a Utf8Path,
    /// The control group.
    pub(crate) cgroup: String,
    /// The process whose network namespace the container joins.
    pub(crate) network_of: u32,
    /// The container's host name.
    pub(crate) hostname: &'a str,
}

impl Bundle<'_> {
    /// The document.
    pub(crate) fn config(&self) -> Value {
        let config = &self.recipe.config;
        let mut arguments = Vec::new();
        let mut mounts = kernel_mounts(self.privilege);
        if self.stamper == Stamper::InFront {
            arguments.extend([PROBE_INSIDE, "stamp", "--"].map(str::to_owned));
            mounts.push(json!({
                "destination": PROBE_INSIDE, "type": "bind", "source": self.probe,
                "options": ["bind", "ro", "nosuid", "nodev"],
            }));
        }
        arguments.extend(config.entrypoint.iter().chain(&config.command).cloned());
        mounts.extend(
            self.recipe
                .writable
                .iter()
                .map(|path| writable(path, config.user)),
        );
        let mut environment: Vec<String> = config
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !config.env.contains_key("PATH") {
            environment.push("PATH=/usr/local/bin:/usr/bin:/bin".to_owned());
        }
        json!({
            "ociVersion": OCI_VERSION,
            "hostname": self.hostname,
            "annotations": self.view.annotations(),
            "root": {"path": self.view.root(), "readonly": true},
            "process": {
                "terminal": false,
                "user": {"uid": config.user.uid, "gid": config.user.gid},
                "args": arguments,
                "env": environment,
                "cwd": config.workdir,
                "noNewPrivileges": true,
                "capabilities": no_capabilities(),
            },
            "mounts": mounts,
            "linux": self.linux(),
        })
    }

    fn linux(&self) -> Value {
        let resources = &self.recipe.resources;
        let mut limits = json!({
            "devices": [{"allow": false, "access": "rwm"}],
            "memory": {"limit": i64::from(resources.memory_mib) * 1024 * 1024},
            "pids": {"limit": resources.pids},
        });
        if let Some(millis) = resources.cpu_millis {
            limits["cpu"] = json!({"period": 100_000, "quota": i64::from(millis) * 100});
        }
        json!({
            "cgroupsPath": self.cgroup,
            "resources": limits,
            "namespaces": [
                {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
                {"type": "cgroup"},
                {"type": "network", "path": format!("/proc/{}/ns/net", self.network_of)},
            ],
            "seccomp": seccomp(),
            "maskedPaths": masked_paths(),
            "readonlyPaths": readonly_paths(self.privilege, self.recipe.config.user),
        })
    }
}

/// The seccomp section. The profile is ours and a test reads it; were it damaged, the runtime would
/// refuse the bundle rather than run without a filter.
pub(crate) fn seccomp() -> Value {
    serde_json::from_str(SECCOMP).unwrap_or_else(|_| Value::String("damaged profile".to_owned()))
}

pub(crate) fn no_capabilities() -> Value {
    json!({"bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": []})
}

/// Mounts that every container has. A normal user's has no `/sys`: the kernel shows it only to the
/// owner of the network, who is the prober.
pub(crate) fn kernel_mounts(privilege: &Privilege) -> Vec<Value> {
    let mut mounts = vec![
        json!({"destination": "/proc", "type": "proc", "source": "proc",
            "options": ["nosuid", "noexec", "nodev"]}),
        json!({"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]}),
        json!({"destination": "/dev/pts", "type": "devpts", "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}),
        json!({"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
            "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]}),
    ];
    if *privilege == Privilege::Root {
        mounts.push(
            json!({"destination": "/sys", "type": "sysfs", "source": "sysfs",
            "options": ["nosuid", "noexec", "nodev", "ro"]}),
        );
    }
    mounts
}

fn writable(path: &WritablePath, user: UserId) -> Value {
    let mut options = vec![
        "nosuid".to_owned(),
        "nodev".to_owned(),
        format!("size={}m", path.size_mib),
        "mode=0700".to_owned(),
        format!("uid={}", user.uid),
        format!("gid={}", user.gid),
    ];
    if !path.exec {
        options.push("noexec".to_owned());
    }
    json!({"destination": path.path, "type": "tmpfs", "source": "tmpfs", "options": options})
}

pub(crate) fn masked_paths() -> Value {
    json!([
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ])
}

/// Paths that nobody may write below. `/dev` is root's to write everywhere; where one id stands for
/// everybody, it would be the image's user's too. Its devices are then mounts of their own, which
/// this leaves as they are.
pub(crate) fn readonly_paths(privilege: &Privilege, user: UserId) -> Value {
    let mut paths = vec![
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
    ];
    if *privilege != Privilege::Root && user.uid != 0 {
        paths.push("/dev");
    }
    json!(paths)
}
