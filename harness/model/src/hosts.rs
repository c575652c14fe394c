//! The hosts that a standard format implies: `harness/model/hosts.yaml`, embedded.

use std::sync::LazyLock;

use serde::Deserialize;

/// Every such host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// What the name of an image without a host means.
    pub docker_hub: RegistryHost,
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
    }
}
