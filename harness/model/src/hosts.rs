//! The hosts that a standard format implies: `harness/model/hosts.yaml`, embedded.

use std::sync::LazyLock;

use serde::Deserialize;

/// Every such host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// What the name of an image without a host means.
    pub docker_hub: RegistryHost,
    /// Where Ubuntu's packages and slice definitions are.
    pub ubuntu: UbuntuHosts,
}

/// A registry that names imply.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryHost {
    /// As it stands in names.
    pub name: String,
    /// Other names for it in people's files.
    pub aliases: Vec<String>,
    /// Where its registry answers.
    pub api: String,
    /// The key of its credentials in docker's own files.
    pub credentials: String,
}

/// Addresses that a release of Ubuntu's implies, each without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UbuntuHosts {
    /// The archive for amd64 and i386.
    pub main: String,
    /// The archive for every other architecture.
    pub ports: String,
    /// The archive for all of them, after the end of a release's life.
    pub old_releases: String,
    /// The archives of subscriptions.
    pub pro: ProHosts,
    /// Packed slice definitions: what stands before a release's label.
    pub releases: String,
}

/// Archives that want credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProHosts {
    /// FIPS certified packages.
    pub fips: String,
    /// The same with updates.
    pub fips_updates: String,
    /// Extended maintenance of universe.
    pub esm_apps: String,
    /// Extended maintenance of main.
    pub esm_infra: String,
}

impl Hosts {
    /// The file's content.
    pub fn known() -> &'static Self {
        static KNOWN: LazyLock<Hosts> = LazyLock::new(|| {
            let text = include_str!("../hosts.yaml");
            match crate::yaml::read("hosts.yaml", text) {
                Ok(hosts) => hosts,
                Err(why) => unreachable!("the embedded file is read by a test: {why}"),
            }
        });
        &KNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_reads() {
        let hub = &Hosts::known().docker_hub;
        assert!(hub.aliases.contains(&hub.api), "{hub:?}");
        let ubuntu = &Hosts::known().ubuntu;
        let pro = &ubuntu.pro;
        for secret in [&pro.fips, &pro.fips_updates, &pro.esm_apps, &pro.esm_infra] {
            assert!(secret.starts_with("https://"), "credentials go to {secret}");
        }
        assert!(
            ubuntu.releases.starts_with("https://"),
            "nobody signs a tarball"
        );
    }
}
