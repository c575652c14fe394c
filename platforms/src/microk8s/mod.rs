//! `microk8s`: the MicroK8s of this host, over its command line.
//!
//! What it takes care of, because the command line does not:
//! - `status` ends with 0 while stopped and on a node that joined a cluster as a worker, and prints a
//!   sentence where YAML was asked for; running is only what says `running: True` ([`status`]).
//! - `--wait-ready` waits for ever without `--timeout`; every call has a deadline of its own besides.
//! - `config` names the address of the default route's interface, `none` without one, and prints a
//!   sentence on a worker: the loopback address is asked for, and a kubeconfig is recognised.
//! - `images import` brings an archive to every node and ends with 0 when that failed; on a cluster
//!   of one node it is used, and containerd is asked afterwards. On a larger one `ctr` is: nothing
//!   takes images away from other nodes again.
//! - Without the add-on `rbac` everybody may do everything, and the registry of the add-on `registry`
//!   knows no referrers: both are told as facts, and nothing here relies on either.
//!
//! `microk8s ctr` becomes root by sudo: as a member of the group `microk8s` who has to give a password
//! it does not end before its deadline.

mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;

use crate::calling::Program;
use crate::containerd::Containerd;
use crate::snap::{self, Missing, Patience, Running, Snap, SnapPlatform};
use status::Status;

/// The platform.
pub(crate) static MICROK8S: SnapPlatform<Microk8s> = SnapPlatform(Microk8s {
    program: None,
    answer: ANSWER,
});

/// Longest wait for an answer. A status counts everything in the cluster.
const ANSWER: Duration = Duration::from_secs(45);
/// How long a cluster may take to be ready.
const READY: Duration = Duration::from_secs(60);
/// The same as `--timeout` takes it.
const READY_S: &str = "60";

/// The MicroK8s of this host.
pub(crate) struct Microk8s {
    /// The program; without it the one that is installed.
    program: Option<Utf8PathBuf>,
    answer: Duration,
}

#[async_trait]
impl Snap for Microk8s {
    fn name(&self) -> &'static str {
        "microk8s"
    }

    fn summary(&self) -> &'static str {
        "the MicroK8s of this host"
    }

    async fn look(&self, patience: Patience) -> Result<Running, Missing> {
        let program = self.find()?;
        let silent = |why: String| Missing::new(why, "microk8s inspect");
        let (waiting, within): (&[&str], _) = match patience {
            Patience::None => (&[], self.answer),
            Patience::UntilReady => (&["--wait-ready", "--timeout", READY_S], self.answer + READY),
        };
        let words = [&["status"], waiting, &["--format", "yaml"]].concat();
        let said = program.call(&words, within).await;
        let status = status::read(&said.map_err(silent)?)?;
        let config = program.call(&["config", "--use-loopback"], self.answer);
        let config = config.await.map_err(silent)?;
        if !config.is_success() || !snap::is_kubeconfig(&config.stdout) {
            let why = format!("it hands out no kubeconfig: {}", config.words());
            return Err(silent(why));
        }
        let version = self.version(&program).await;
        let mut facts = facts(&status);
        facts.insert("microk8s.version".to_owned(), version.clone());
        if let Some(runtime) = self.runtime().await {
            facts.insert("runtime.version".to_owned(), runtime);
        }
        Ok(Running {
            line: version,
            kubeconfig: config.stdout,
            facts,
            to_every_node: Some(program.with(&["images", "import", "-"])),
        })
    }

    fn containerd(&self) -> Result<Containerd, Missing> {
        Ok(Containerd::new(self.find()?.with(&["ctr"])))
    }
}

impl Microk8s {
    fn find(&self) -> Result<Program, Missing> {
        let found = self.program.clone().or_else(|| snap::program("microk8s"));
        found.map(Program::new).ok_or_else(|| {
            Missing::new(
                "MicroK8s is not installed: there is no program microk8s",
                "snap install microk8s --classic",
            )
        })
    }

    /// `MicroK8s v1.28.7 revision 6541`.
    async fn version(&self, program: &Program) -> String {
        let said = program.call(&["version"], self.answer).await;
        let said = said.and_then(crate::calling::Said::output);
        let line = said.ok().and_then(|text| {
            let line = text.lines().next()?.trim();
            line.starts_with("MicroK8s ").then(|| line.to_owned())
        });
        line.unwrap_or_else(|| "MicroK8s, which does not tell its version".to_owned())
    }

    /// The OCI runtime that lies beside it.
    async fn runtime(&self) -> Option<String> {
        let runc = snap::files("microk8s")?.join("bin/runc");
        if self.program.is_some() || !runc.is_file() {
            return None;
        }
        let said = Program::new(runc).call(&["--version"], self.answer).await;
        let text = said.ok()?.output().ok()?;
        text.lines().next().map(str::to_owned)
    }
}

/// What its status tells of the cluster.
fn facts(status: &Status) -> BTreeMap<String, String> {
    let has = |addon: &str| status.enabled.iter().any(|enabled| enabled == addon);
    let mut facts = BTreeMap::from([(
        "microk8s.addons".to_owned(),
        if status.enabled.is_empty() {
            "none".to_owned()
        } else {
            status.enabled.join(" ")
        },
    )]);
    let authorization = if has("rbac") {
        "by roles (add-on rbac)"
    } else {
        "everybody may do everything (no add-on rbac)"
    };
    facts.insert("authorization".to_owned(), authorization.to_owned());
    if has("registry") {
        let words = "localhost:32000, without the referrers of OCI 1.1: what belongs to an image \
                     is found there by tags alone";
        facts.insert("microk8s.registry".to_owned(), words.to_owned());
    }
    facts
}
