//! The fingerprint of this host as a platform.

use std::collections::BTreeMap;

use model::{PlatformFacts, PlatformFamily, PlatformName, Standing};

use super::cgroup::Cgroups;
use super::{Privilege, Runtime};

/// Looks at the host.
pub(crate) fn look(
    name: &str,
    runtime: &Runtime,
    cgroups: &Cgroups,
    privilege: &Privilege,
) -> PlatformFacts {
    let text = |path: &str| {
        fs_err::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let kernel = text("/proc/sys/kernel/osrelease");
    let lsm = lsm();
    let load = text("/proc/loadavg")
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let facts: BTreeMap<String, String> = [
        ("cgroup.mode", cgroups.word().to_owned()),
        ("cpu.count", cpus.to_string()),
        ("cpu.model", field("/proc/cpuinfo", "model name")),
        ("kernel.release", kernel.clone()),
        ("load.1m", load),
        ("lsm", lsm.clone()),
        ("memory.total", field("/proc/meminfo", "MemTotal")),
        ("privilege", privilege.word().to_owned()),
        ("root.view", view(privilege)),
        (
            "runtime.program",
            runtime.program.file_name().unwrap_or_default().to_owned(),
        ),
        ("runtime.version", runtime.version.clone()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let lsm = if lsm == "none" {
        "no LSM".to_owned()
    } else {
        format!("LSM {lsm}")
    };
    let mode = match privilege {
        Privilege::Root => "",
        Privilege::Normal { .. } => ", rootless (as a normal user)",
    };
    let mut cannot_measure = BTreeMap::from([(
        "pull".to_owned(),
        "a bare runtime does not pull: unpacking is the harness's own work".to_owned(),
    )]);
    for (metric, why) in privilege.cannot_measure() {
        cannot_measure.insert(metric.to_owned(), why.to_owned());
    }
    PlatformFacts {
        // Registered names are slugs; a test walks the registry.
        platform: PlatformName::new(name).unwrap_or_else(|_| unreachable_name()),
        family: PlatformFamily::Oci,
        standing: Standing::Real,
        summary: format!(
            "{}, kernel {kernel}, cgroup {}, {lsm}{mode}",
            runtime.version,
            cgroups.word()
        ),
        facts,
        cannot_measure,
    }
}

/// The security modules of this host's kernel; `none` where it has none or does not say.
pub(crate) fn lsm() -> String {
    let said = fs_err::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    let said = said.trim();
    if said.is_empty() { "none" } else { said }.to_owned()
}

/// What a container's root is made of.
fn view(privilege: &Privilege) -> String {
    match privilege {
        Privilege::Normal { copied: Some(why) } => format!("copy, since no overlay: {why}"),
        _ => "overlay, upper on tmpfs".to_owned(),
    }
}

#[allow(
    clippy::panic,
    reason = "a test walks the registry and proves this away"
)]
fn unreachable_name() -> PlatformName {
    panic!("a registered platform has a name that is no slug")
}

/// The value of the first line `key : value`.
fn field(path: &str, key: &str) -> String {
    fs_err::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}
