//! A cluster that answers.

use engine::clock::Clock;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use model::ClusterSettings;

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
    /// The cluster of the kubeconfig that the user names.
    pub(crate) async fn of(settings: &ClusterSettings) -> Result<Self, String> {
        let path = settings
            .kubeconfig
            .as_ref()
            .ok_or("no kubeconfig is named")?;
        let read = Kubeconfig::read_from(path).map_err(|error| call::with_causes(&error));
        let kubeconfig = read.map_err(|why| format!("{path}: {why}"))?;
        Self::from(kubeconfig, settings.context.clone()).await
    }

    /// The cluster of a kubeconfig's current context.
    pub(crate) async fn from_kubeconfig(text: &str) -> Result<Self, String> {
        let kubeconfig = Kubeconfig::from_yaml(text).map_err(|error| call::with_causes(&error))?;
        Self::from(kubeconfig, None).await
    }

    /// Speaks as a kubeconfig says; nothing is asked on the terminal.
    async fn from(mut kubeconfig: Kubeconfig, context: Option<String>) -> Result<Self, String> {
        for user in &mut kubeconfig.auth_infos {
            let exec = user.auth_info.as_mut().and_then(|info| info.exec.as_mut());
            if let Some(exec) = exec {
                // A plugin that asks for a password would wait for ever.
                exec.interactive_mode = Some(ExecInteractiveMode::Never);
            }
        }
        let options = KubeConfigOptions {
            context,
            ..KubeConfigOptions::default()
        };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        Self::reach(config.map_err(|error| call::with_causes(&error))?).await
    }

    /// Asks who is there.
    async fn reach(mut config: Config) -> Result<Self, String> {
        // A call that was made twice would be another sample.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| call::words(&error))?;
        let clock = Clock::system();
        let asked = call::introduce(clock, "ask for the version", || client.apiserver_version());
        let version = asked.await;
        let version = version.map_err(|error: CallError| format!("{server}: {error}"))?;
        Ok(Self {
            client,
            server,
            version: version.git_version,
        })
    }
}
