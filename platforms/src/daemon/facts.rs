//! The fingerprint of a daemon as a platform.

use std::collections::BTreeMap;

use model::{PlatformFacts, PlatformFamily, PlatformName, Standing};

use super::connection::Connection;
use super::wanted::Ways;

/// What the daemon says of itself and of the kernel under it.
pub(super) fn look(name: PlatformName, connection: &Connection, ways: &Ways) -> PlatformFacts {
    let (info, version) = (&connection.info, &connection.version);
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not said".to_owned());
    let word = |value: Option<String>| value.unwrap_or_else(|| "not said".to_owned());
    let runtime = program(&text(&info.default_runtime));
    let kernel = text(&info.kernel_version);
    let cgroup = word(info.cgroup_version.map(|one| one.to_string()));
    let security = info.security_options.clone().unwrap_or_default().join(" ");
    let mut facts: BTreeMap<String, String> = [
        ("address", connection.address.clone()),
        ("api.version", text(&version.api_version)),
        (
            "cgroup.driver",
            word(info.cgroup_driver.map(|one| one.to_string())),
        ),
        ("cgroup.mode", format!("v{cgroup}")),
        ("cpu.count", word(info.ncpu.map(|one| one.to_string()))),
        ("daemon.version", connection.product()),
        ("kernel.release", kernel.clone()),
        ("lsm", lsm(&security)),
        (
            "memory.total",
            word(info.mem_total.map(|bytes| format!("{bytes} B"))),
        ),
        ("os", text(&info.operating_system)),
        ("privilege", "root".to_owned()),
        ("runtime.default", runtime.clone()),
        ("seccomp.filter", ways.filter_word().to_owned()),
        ("security.options", security.clone()),
        ("storage.driver", text(&info.driver)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    for component in version.components.iter().flatten() {
        // Podman puts the program's path behind the name, and further lines behind the version.
        let name = component.name.split(" (").next().unwrap_or_default();
        let key = format!("version.{}", name.to_lowercase().replace(' ', "-"));
        let line = component.version.lines().next().unwrap_or_default();
        facts.insert(key, line.to_owned());
    }
    let runtime_version = facts
        .get("version.runc")
        .or_else(|| facts.get("version.oci-runtime"));
    let runtime_version = runtime_version.cloned().unwrap_or_else(|| runtime.clone());
    facts.insert("runtime.version".to_owned(), runtime_version);
    PlatformFacts {
        platform: name,
        family: PlatformFamily::Oci,
        standing: Standing::Real,
        summary: format!(
            "{}, runtime {runtime}, kernel {kernel}, cgroup v{cgroup}, {}",
            connection.product(),
            text(&info.driver)
        ),
        facts,
        cannot_measure: BTreeMap::from([(
            "pull".to_owned(),
            "images are loaded from an archive, nothing is pulled".to_owned(),
        )]),
    }
}

/// A runtime's name: Podman says where its program lies, which is nothing but this host's business.
fn program(said: &str) -> String {
    said.rsplit('/').next().unwrap_or(said).to_owned()
}

/// The security module among the daemon's options.
fn lsm(options: &str) -> String {
    let known = ["apparmor", "selinux"];
    let found = known
        .into_iter()
        .find(|name| options.contains(&format!("name={name}")));
    found.unwrap_or("none").to_owned()
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn a_runtime_has_a_name_and_no_path() {
        assert_eq!(program("runc"), "runc");
        assert_eq!(program("/opt/of/somebody/crun"), "crun");
    }
}
