//! Images that nodes pull by digest from a registry.

use std::collections::BTreeMap;

use async_trait::async_trait;
use camino::Utf8Path;
use model::{ClusterSettings, Digest, RegistrySettings};

use crate::identity::digests;
use crate::kubernetes::names;
use crate::kubernetes::supply::Supply;
use crate::kubernetes::wanted::Reference;

/// The registry that the settings name.
pub(super) fn named(settings: &ClusterSettings) -> Result<RegistrySettings, String> {
    let registry = settings.registry.clone();
    registry.ok_or_else(|| "certify.yaml names no registry for it (clusters: registry)".to_owned())
}

/// Images in a registry.
pub(super) struct Registry {
    settings: RegistrySettings,
}

impl Registry {
    pub(super) fn new(settings: RegistrySettings) -> Self {
        Self { settings }
    }

    /// What the report says of it.
    pub(super) fn facts(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("images.from".to_owned(), self.settings.pull.clone())])
    }
}

#[async_trait]
impl Supply for Registry {
    async fn deliver(
        &self,
        _node: &str,
        layout: &Utf8Path,
        manifest: Digest,
        name: &str,
        _archive: &Utf8Path,
    ) -> Result<Reference, String> {
        let label = names::label(name);
        if let Some(push) = &self.settings.push {
            return Err(format!("this program cannot push {label} to {push} yet"));
        }
        Ok(Reference {
            name: format!("{}/{label}@{manifest}", self.settings.pull),
            pull: "IfNotPresent",
            digests: digests(layout, manifest)?,
        })
    }

    /// What was pushed stays: it is known by digest, and others may use the same.
    async fn remove(&self) -> Result<(), String> {
        Ok(())
    }
}
