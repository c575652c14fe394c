//! `canonical-k8s`: the Canonical Kubernetes of this host (the snap `k8s`), over its command line.
//!
//! What it takes care of, because the command line does not:
//! - The program is called `k8s`, as others are: it is called only where the snap is mounted.
//! - In the JSON of `status` a field that is false is left out, so `ready` is missing where the
//!   cluster is not; and it is called ready while its network is still being brought up, so the node
//!   itself is asked for as well ([`crate::snap`]).
//! - There is no command for images: they go by the snap's own `ctr` to the socket that the kubelet's
//!   arguments name, never to a containerd that happens to listen at the usual place.
//! - Everything takes root.

mod socket;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};

use crate::calling::Program;
use crate::containerd::Containerd;
use crate::snap::{self, Missing, Patience, Running, Snap, SnapPlatform};

/// The platform.
pub(crate) static CANONICAL_K8S: SnapPlatform<CanonicalK8s> = SnapPlatform(CanonicalK8s {
    installed: None,
    answer: ANSWER,
});

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(45);
/// How long a cluster may take to be ready.
const READY_S: u64 = 60;
/// How much longer a call may take than the time that it was told.
const SLACK: Duration = Duration::from_secs(15);

/// The Canonical Kubernetes of this host.
pub(crate) struct CanonicalK8s {
    /// Where it is installed; without it the usual places.
    installed: Option<Installed>,
    answer: Duration,
}

/// What the snap brings.
#[derive(Debug, Clone)]
struct Installed {
    program: Utf8PathBuf,
    ctr: Utf8PathBuf,
    /// The kubelet's arguments, one a line.
    kubelet: Utf8PathBuf,
}

impl Installed {
    fn find() -> Option<Self> {
        let files = snap::files("k8s")?;
        Some(Self {
            program: snap::program("k8s")?,
            ctr: files.join("bin/ctr"),
            kubelet: Utf8Path::new("/var/snap/k8s/common/args/kubelet").to_owned(),
        })
    }
}

#[async_trait]
impl Snap for CanonicalK8s {
    fn name(&self) -> &'static str {
        "canonical-k8s"
    }

    fn summary(&self) -> &'static str {
        "the Canonical Kubernetes (snap k8s) of this host"
    }

    async fn look(&self, patience: Patience) -> Result<Running, Missing> {
        let program = Program::new(self.find()?.program);
        let silent = |why: String| Missing::new(why, "k8s inspect");
        let json = ["status", "--output-format", "json", "--timeout"];
        let said = match patience {
            Patience::None => {
                let limit = format!("{}s", self.answer.saturating_sub(SLACK).as_secs().max(3));
                let words = [&json[..], &[&limit]].concat();
                program.call(&words, self.answer).await
            }
            Patience::UntilReady => {
                let limit = format!("{READY_S}s");
                let words = [&json[..], &[&limit, "--wait-ready"]].concat();
                let within = self.answer + Duration::from_secs(READY_S);
                program.call(&words, within).await
            }
        };
        let status = status::read(&said.map_err(silent)?)?;
        let config = program.call(&["config"], self.answer).await;
        let config = config.map_err(silent)?;
        if !config.is_success() || !snap::is_kubeconfig(&config.stdout) {
            let why = format!("it hands out no kubeconfig: {}", config.words());
            return Err(silent(why));
        }
        Ok(Running {
            line: "Canonical Kubernetes".to_owned(),
            kubeconfig: config.stdout,
            facts: self.facts(status).await,
            to_every_node: None,
        })
    }

    fn containerd(&self) -> Result<Containerd, Missing> {
        let installed = self.find()?;
        let socket = socket::read(&installed.kubelet).map_err(|why| {
            Missing::new(
                format!("which containerd its kubelet uses is not known: {why}"),
                "run as root on a node of the cluster (k8s bootstrap, or k8s join-cluster)",
            )
        })?;
        let words = ["--address", &socket, "--namespace", "k8s.io"];
        Ok(Containerd::new(Program::new(installed.ctr).with(&words)))
    }
}

impl CanonicalK8s {
    fn find(&self) -> Result<Installed, Missing> {
        let installed = self.installed.clone().or_else(Installed::find);
        installed.ok_or_else(|| {
            Missing::new(
                "Canonical Kubernetes is not installed: the snap k8s is not mounted",
                "snap install k8s --classic, then k8s bootstrap",
            )
        })
    }

    /// What its status tells, and the OCI runtime that lies beside its `ctr`.
    async fn facts(&self, mut facts: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let Ok(installed) = self.find() else {
            return facts;
        };
        let runc = installed.ctr.with_file_name("runc");
        if runc.is_file() {
            let said = Program::new(runc).call(&["--version"], self.answer).await;
            let text = said.and_then(crate::calling::Said::output);
            let line = text
                .ok()
                .and_then(|text| text.lines().next().map(str::to_owned));
            facts.extend(line.map(|line| ("runtime.version".to_owned(), line)));
        }
        facts
    }
}
