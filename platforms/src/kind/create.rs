//! Making a kind cluster for one run with the program `kind`, and deleting it again.
//!
//! Its name and a label of its nodes carry the run's id, and it stands in the ledger before kind is
//! called: by the name alone it is deleted, at the end or by a sweep after a kill, and no other is.
//! The user's kubeconfig is left alone. Kind calls a cluster that does not get ready in time a success,
//! so it is not asked to wait: the nodes are.

use std::time::Duration;

use camino::Utf8Path;
use engine::clock::Clock;
use engine::wait::Deadline;
use engine::{Blame, Ledger, OpenRequest, Residue, SessionError};
use model::{ClusterCreation, RunId};
use tokio_util::sync::CancellationToken;

use super::configuration::configuration;
use super::find::{self, Found};
use super::nodes;
use crate::calling::Program;
use crate::daemon::Connection;
use crate::kubernetes::ready;
use crate::runtime::command;

/// Longest time of `kind create cluster`; the node's image may have to be pulled first.
const CREATED: Duration = Duration::from_secs(900);
/// Longest wait until every node is ready.
const READY: Duration = Duration::from_secs(300);
/// Longest wait for kind to tell its version.
const ANSWER: Duration = Duration::from_secs(20);
/// How long no node may turn up before a cluster counts as gone: a kind that outlived a killed run
/// may be in the middle of making them.
const QUIET: Duration = Duration::from_secs(3);
/// Longest time until it has to be gone.
const GONE: Duration = Duration::from_secs(120);
/// What to try when kind cannot be used.
pub(super) const REMEDY: &str =
    "put the program kind (v0.27 or later) and docker's client on PATH, and start a Docker Engine";
/// Variables of ours that kind passes on to the nodes, or finds its helpers by.
const PASSED: [&str; 10] = [
    "PATH",
    "XDG_RUNTIME_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "KIND_EXPERIMENTAL_DOCKER_NETWORK",
    "KIND_EXPERIMENTAL_CONTAINERD_SNAPSHOTTER",
];

/// A cluster of a run's own.
pub(super) struct Created {
    pub(super) found: Found,
    name: String,
    object: String,
    ledger: Ledger,
    clock: Clock,
}

/// Why there is no cluster.
#[derive(Debug)]
pub(super) struct NotCreated {
    why: String,
    /// What could not be taken away again.
    left: Option<String>,
}

impl From<String> for NotCreated {
    fn from(why: String) -> Self {
        Self { why, left: None }
    }
}

impl NotCreated {
    /// The error of a session.
    pub(super) fn told(self, attempted: &str, stop: &CancellationToken) -> SessionError {
        let blame = if stop.is_cancelled() {
            Blame::Interrupt
        } else {
            Blame::Environment
        };
        let error = SessionError::environment(attempted, self.why).blamed_on(blame);
        match self.left {
            None => error.try_this(REMEDY),
            Some(left) => error
                .leaving(Residue::Removable(vec![left]))
                .try_this("cargo xtask sweep"),
        }
    }
}

/// What names of runs' own clusters begin with: nobody else's run takes one for its own.
pub(super) const OWN: &str = "certify-run-";

/// The name of a run's own cluster.
fn name(run: &RunId) -> String {
    format!("{OWN}{run}")
}

/// How the ledger names it.
fn object(run: &RunId, address: &str) -> String {
    format!("cluster {} at {address}", name(run))
}

/// The daemon that holds the cluster of `run`, if `what` is that cluster or something in it.
pub(super) fn address_in(run: &RunId, what: &str) -> Option<String> {
    let own = object(run, "");
    let (before, address) = what.split_once(&own)?;
    let is_it = before.is_empty() || before.ends_with(" in kind ");
    is_it.then(|| address.to_owned())
}

/// Which kind would make it, at which daemon. Makes nothing.
pub(super) async fn look() -> Result<String, String> {
    let daemon = find::daemon().await?;
    let version = program(&daemon)?.call(&["version"], ANSWER).await?;
    let version = version.output()?;
    let version = version.lines().next().unwrap_or_default();
    Ok(format!(
        "{version} would make a cluster at {}",
        daemon.address
    ))
}

/// Makes the cluster and waits until all of its nodes are ready. What fails leaves nothing, or says
/// what.
pub(super) async fn create(
    request: &OpenRequest,
    wanted: &ClusterCreation,
) -> Result<Created, NotCreated> {
    let daemon = find::daemon().await?;
    let kind = program(&daemon)?;
    let run = &request.run;
    let configuration = configuration(wanted, run)?;
    let name = name(run);
    let there = find::containers(&daemon, &name).await?;
    if !there.is_empty() {
        // Not announced, so nobody will take it for ours.
        let why = format!(
            "there are nodes of a kind cluster {name} already, which this run did not make: {}",
            there.join(", ")
        );
        return Err(why.into());
    }
    let object = object(run, &daemon.address);
    let announced = request.ledger.intend("kind", &object);
    announced.map_err(|error| error.to_string())?;
    let created = Created {
        found: Found::made(daemon, &name),
        name,
        object,
        ledger: request.ledger.clone(),
        clock: request.clock,
    };
    // In the run's folder, which a sweep knows; beside the session's, which is not there yet.
    let folder = request.scratch.with_extension("kind");
    let made = tokio::select! {
        made = make(request.clock, &created, &kind, wanted, (&folder, &configuration)) => made,
        () = request.stop.cancelled() => Err("interrupted".to_owned()),
    };
    let emptied = crate::runtime::view::remove_all(&folder).map_err(|error| error.to_string());
    match made.and(emptied) {
        Ok(()) => Ok(created),
        Err(why) => Err(NotCreated {
            why,
            left: created.delete().await.err(),
        }),
    }
}

/// Calls kind, and waits for the nodes. `files` are a folder for what kind reads and writes, and its
/// configuration.
async fn make(
    clock: Clock,
    created: &Created,
    kind: &Program,
    wanted: &ClusterCreation,
    files: (&Utf8Path, &str),
) -> Result<(), String> {
    let (folder, configuration) = files;
    fs_err::create_dir_all(folder).map_err(|error| error.to_string())?;
    call(folder, created, kind, wanted, configuration).await?;
    let cluster = created.found.connect().await?;
    let nodes = created.found.nodes().await?.len();
    ready::nodes(clock, &cluster, nodes, READY).await
}

async fn call(
    folder: &Utf8Path,
    created: &Created,
    kind: &Program,
    wanted: &ClusterCreation,
    configuration: &str,
) -> Result<(), String> {
    let file = folder.join("kind.json");
    fs_err::write(&file, configuration).map_err(|error| error.to_string())?;
    let kubeconfig = folder.join("kubeconfig");
    let mut words = vec!["create", "cluster", "--name", &created.name];
    words.extend([
        "--config",
        file.as_str(),
        "--kubeconfig",
        kubeconfig.as_str(),
    ]);
    if let Some(image) = &wanted.image {
        words.extend(["--image", image]);
    }
    let said = kind.call(&words, CREATED).await?;
    said.output().map(drop)
}

/// The program kind, speaking to `daemon`.
fn program(daemon: &Connection) -> Result<Program, String> {
    let path = command::which("kind").ok_or("there is no program kind on PATH")?;
    let mut program = Program::new(path)
        .setting("DOCKER_HOST", &daemon.address)
        // Whatever else is installed: the nodes are looked for at this daemon.
        .setting("KIND_EXPERIMENTAL_PROVIDER", "docker");
    for key in PASSED {
        if let Ok(value) = std::env::var(key) {
            program = program.setting(key, value);
        }
    }
    Ok(program)
}

impl Created {
    /// Deletes it, and strikes it and all that was in it out of the ledger.
    pub(super) async fn delete(&self) -> Result<(), String> {
        delete(self.clock, &self.found.daemon, &self.name)
            .await
            .map_err(|why| format!("could not delete {}: {why}", self.object))?;
        let inside = format!(" in {}", self.found.place());
        let gone = self.ledger.left().into_iter().map(|left| left.name);
        let gone = gone.filter(|name| *name == self.object || name.ends_with(&inside));
        for name in gone {
            self.ledger
                .removed(&name)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// Deletes the cluster of `run` at the daemon `address`, which a killed run left.
pub(super) async fn sweep(run: &RunId, address: &str) -> Result<(), String> {
    let daemon = Connection::to(address.to_owned()).await?;
    delete(Clock::system(), &daemon, &name(run)).await
}

/// Removes every node, with its volumes, until none turns up any more.
async fn delete(clock: Clock, daemon: &Connection, name: &str) -> Result<(), String> {
    let deadline = Deadline::after(clock, GONE);
    loop {
        let there = find::containers(daemon, name).await?;
        for node in &there {
            nodes::remove(&daemon.client, node).await?;
        }
        if there.is_empty() {
            clock.sleep(QUIET).await;
            if find::containers(daemon, name).await?.is_empty() {
                return Ok(());
            }
        }
        if deadline.passed(clock) {
            let seconds = GONE.as_secs();
            return Err(format!(
                "nodes still turn up after {seconds} s: {}",
                there.join(", ")
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunId {
        RunId::new("20260101t000000z-abcd").unwrap()
    }

    #[test]
    fn only_clusters_of_the_run_are_understood_as_its_own() {
        let stranger = RunId::new("20260101t000000z-ffff").unwrap();
        let own = object(&run(), "unix:///x at y");
        assert_eq!(address_in(&run(), &own).as_deref(), Some("unix:///x at y"));
        assert_eq!(address_in(&stranger, &own), None);
        let inside = format!("images of run {} in kind {own}", run());
        assert_eq!(
            address_in(&run(), &inside).as_deref(),
            Some("unix:///x at y")
        );
        for other in [
            "cluster certify at unix:///x",
            "namespace a in kind cluster certify at x",
        ] {
            assert_eq!(address_in(&run(), other), None);
        }
    }
}
