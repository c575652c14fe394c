//! Images that nodes pull by digest from a registry.

use std::collections::BTreeMap;

use async_trait::async_trait;
use camino::Utf8Path;
use model::{ClusterSettings, Digest, RegistrySettings, RunId};
use registry::{Client, Keychain, Patience, Reference, Settings, Trust};

use super::names;
use super::supply::Supply;
use super::wanted;
use crate::identity::digests;

/// Images in a registry.
pub(crate) struct Registry {
    settings: RegistrySettings,
    /// Who pushes them, if they are pushed.
    client: Option<Client>,
    run: RunId,
}

impl Registry {
    /// The one that the settings name, told in `facts`; else what `load` gives: a way to bring images to
    /// nodes, and how the ledger calls what that leaves there.
    pub(crate) fn or_else(
        settings: &ClusterSettings,
        run: &RunId,
        facts: &mut BTreeMap<String, String>,
        load: impl FnOnce() -> (Box<dyn Supply>, String),
    ) -> Result<(Box<dyn Supply>, Vec<String>), String> {
        let Some(registry) = Self::named(settings, run)? else {
            let (supply, outside) = load();
            return Ok((supply, vec![outside]));
        };
        facts.extend(registry.facts());
        Ok((Box::new(registry), Vec::new()))
    }

    /// The one that the settings name, if they name one.
    pub(crate) fn named(settings: &ClusterSettings, run: &RunId) -> Result<Option<Self>, String> {
        let registry = settings.registry.clone();
        registry
            .map(|registry| Self::new(registry, run.clone()))
            .transpose()
    }

    fn new(settings: RegistrySettings, run: RunId) -> Result<Self, String> {
        let client = settings.push.as_ref().map(|push| {
            let host = push.split('/').next().unwrap_or_default();
            let plain = settings.plain_http.then(|| host.to_owned());
            Client::new(Settings {
                keychain: Keychain::of_user(),
                trust: Trust::of_user(),
                plain_http: plain.into_iter().collect(),
                limits: image::Limits::standard(),
                patience: Patience::standard(),
            })
        });
        let client = client.transpose().map_err(|fault| fault.to_string())?;
        Ok(Self {
            settings,
            client,
            run,
        })
    }

    /// Pushes the image of `layout` under the run's id, so that runs beside each other do not meet.
    async fn push(&self, layout: &Utf8Path, label: &str) -> Result<(), String> {
        let (Some(client), Some(prefix)) = (&self.client, &self.settings.push) else {
            return Ok(());
        };
        let name = format!("{prefix}/{label}:{}", self.run);
        let reference = name.parse::<Reference>();
        let reference = reference.map_err(|error| error.to_string())?;
        let pushed = client.push(layout.as_std_path(), &reference).await;
        pushed.map(drop).map_err(|error| error.to_string())
    }

    /// What the report says of it.
    pub(crate) fn facts(&self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::from([("images.from".to_owned(), self.settings.pull.clone())]);
        if let Some(prefix) = &self.settings.push {
            let what = format!("{prefix}/<image>:{}, which stays there", self.run);
            facts.insert("images.pushed".to_owned(), what);
        }
        facts
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
    ) -> Result<wanted::Reference, String> {
        let label = names::label(name);
        self.push(layout, label).await?;
        Ok(wanted::Reference {
            name: format!("{}/{label}@{manifest}", self.settings.pull),
            pull: "IfNotPresent",
            digests: digests(layout, manifest)?,
        })
    }

    /// What was pushed stays, as the report says: registries seldom let anybody delete, and the same
    /// content may have other names.
    async fn remove(&self) -> Result<(), String> {
        Ok(())
    }
}
