//! A cluster that answers.

use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::call::{self, CallError};

/// A client that never makes a call twice by itself, and who answers it.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) client: Client,
    /// Address of the API server.
    pub(crate) server: String,
    /// `v1.36.3`.
    pub(crate) version: String,
}

impl Cluster {
    /// Reads a kubeconfig; nothing is asked on the terminal.
    pub(crate) async fn from_kubeconfig(text: &str) -> Result<Self, String> {
        let mut kubeconfig = Kubeconfig::from_yaml(text).map_err(|error| error.to_string())?;
        for user in &mut kubeconfig.auth_infos {
            let exec = user.auth_info.as_mut().and_then(|info| info.exec.as_mut());
            if let Some(exec) = exec {
                // A plugin that asks for a password would wait for ever.
                exec.interactive_mode = Some(ExecInteractiveMode::Never);
            }
        }
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        Self::reach(config.map_err(|error| error.to_string())?).await
    }

    /// Asks who is there.
    async fn reach(mut config: Config) -> Result<Self, String> {
        // A call that was made twice would be another sample.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| call::words(&error))?;
        let version = call::once("ask for the version", client.apiserver_version()).await;
        let version = version.map_err(|error: CallError| format!("{server}: {error}"))?;
        Ok(Self {
            client,
            server,
            version: version.git_version,
        })
    }
}
