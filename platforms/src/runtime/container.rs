//! A running container of this driver.

use std::time::Duration;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use engine::clock::{Clock, MonotonicNs};
use engine::{
    Blame, Container, ContainerMemory, Exit, Inspection, Killed, LoadRequest, Residue,
    SessionError, SmokeReply, StartStamps, Stopped,
};
use model::{RuntimeConfig, SmokeRequest};
use rustix::process::Signal;
use tokio::sync::Mutex;

use super::beside::Beside;
use super::members::Members;
use super::memory::Mapped;
use super::session::Alive;
use super::view::{View, remove_all};
use super::waiting::{Adopted, by_name};
use super::{Runtime, command};
use crate::ask;

/// What a container leaves its place with.
pub(crate) struct OciContainer {
    pub(crate) name: String,
    pub(crate) runtime: Runtime,
    pub(crate) state: Utf8PathBuf,
    pub(crate) folder: Utf8PathBuf,
    pub(crate) view: View,
    pub(crate) probe: Utf8PathBuf,
    pub(crate) members: Members,
    /// The system call filter that its runtime installed, where the kernel does not show it to us.
    pub(crate) filter: Option<Utf8PathBuf>,
    pub(crate) config: RuntimeConfig,
    pub(crate) init: Adopted,
    pub(crate) beside: Mutex<Beside>,
    pub(crate) clock: Clock,
    pub(crate) stamps: StartStamps,
    pub(crate) alive: Alive,
}

/// Bytes of output kept for messages.
const LAST_OUTPUT_BYTES: usize = 4096;

#[async_trait]
impl Container for OciContainer {
    fn stamps(&self) -> &StartStamps {
        &self.stamps
    }

    async fn inspect(&self, what: &Inspection) -> Result<serde_json::Value, SessionError> {
        let attempted = format!("look at {}", self.name);
        let filter = self.filter.as_deref();
        ask::look(&self.probe, what, self.init.pid, self.config.user, filter)
            .await
            .map_err(|why| SessionError::environment(attempted, why).blamed_on(Blame::Harness))
    }

    async fn request(&self, request: &SmokeRequest) -> Result<SmokeReply, SessionError> {
        let mut beside = self.beside.lock().await;
        beside.prober.smoke(&self.name, request).await
    }

    async fn load(&self, load: &LoadRequest) -> Result<serde_json::Value, SessionError> {
        let mut beside = self.beside.lock().await;
        beside.prober.put_load(&self.name, load).await
    }

    async fn memory(&self) -> Result<ContainerMemory, SessionError> {
        let mapped = Mapped::of(self.members.pids());
        if mapped.processes == 0 {
            let attempted = format!("read the memory of {}", self.name);
            return Err(SessionError::environment(
                attempted,
                "no process of it could be read",
            ));
        }
        Ok(ContainerMemory {
            pss_bytes: mapped.pss,
            pss_anon_bytes: mapped.anonymous,
            working_set_bytes: self.members.working_set(mapped.anonymous),
            processes: mapped.processes,
        })
    }

    async fn output(&self) -> String {
        last_output(&self.folder)
    }

    async fn exit(&self) -> Option<Exit> {
        self.init.collect().ok().flatten()
    }

    async fn stop(self: Box<Self>) -> Result<Option<Stopped>, SessionError> {
        let attempted = format!("stop container {}", self.name);
        let asked = self.clock.monotonic();
        let signal = by_name(&self.config.stop_signal).unwrap_or(Signal::TERM);
        let grace = Duration::from_millis(self.config.stop_grace_ms);
        let ended = match self.init.signal(signal) {
            // It is gone already: collecting says how.
            Err(_) => self.init.ended().await.map(|exit| (exit, Killed::No)),
            Ok(()) => end(&self.init, grace).await,
        };
        let took = self.clock.monotonic().since(asked);
        let removed = self.remove().await;
        let (exit, killed) = ended.map_err(|why| SessionError::environment(&attempted, why))?;
        removed?;
        Ok(Some(Stopped { exit, took, killed }))
    }

    async fn kill(self: Box<Self>) -> Result<(), SessionError> {
        let attempted = format!("kill container {}", self.name);
        // One that is gone already cannot be signalled; collecting it works all the same.
        let _ = self.init.signal(Signal::KILL);
        let ended = self.init.ended().await;
        let removed = self.remove().await;
        ended.map_err(|why| SessionError::environment(&attempted, why))?;
        removed
    }
}

/// Waits for the end of a process that was asked to stop; kills it after its grace.
async fn end(init: &Adopted, grace: Duration) -> Result<(Exit, Killed), String> {
    match tokio::time::timeout(grace, init.ended()).await {
        Ok(exit) => Ok((exit?, Killed::No)),
        Err(_) => {
            init.signal(Signal::KILL)?;
            Ok((init.ended().await?, Killed::Yes))
        }
    }
}

impl OciContainer {
    /// Removes the container and waits until nothing of it is left.
    pub(crate) async fn remove(self) -> Result<(), SessionError> {
        let attempted = format!("remove container {}", self.name);
        self.init.bury();
        let deleted = delete(&self.runtime, &self.state, &self.name).await;
        let gone = self.beside.into_inner().quit().await;
        let viewed = self.view.remove().map_err(|error| error.to_string());
        let cleared = remove_all(&self.folder).map_err(|error| error.to_string());
        self.alive.forget(&self.name);
        for step in [deleted, gone, viewed, cleared] {
            step.map_err(|why| {
                SessionError::environment(&attempted, why)
                    .leaving(Residue::Removable(vec![self.name.clone()]))
            })?;
        }
        Ok(())
    }
}

/// Deletes a container, running or not.
pub(crate) async fn delete(runtime: &Runtime, state: &Utf8Path, name: &str) -> Result<(), String> {
    let mut call = runtime.call();
    call.arg("--root")
        .arg(state)
        .args(["delete", "--force", name]);
    command::run(&mut call).await.map(drop)
}

/// The last lines a container wrote.
pub(crate) fn last_output(folder: &Utf8Path) -> String {
    let bytes = fs_err::read(folder.join("output")).unwrap_or_default();
    let start = bytes.len().saturating_sub(LAST_OUTPUT_BYTES);
    let text = String::from_utf8_lossy(&bytes[start..]);
    let own = |line: &&str| !line.starts_with(probe::Stamp::PREFIX);
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// The stamper's line, if it was written.
pub(crate) fn stamp(folder: &Utf8Path) -> Option<MonotonicNs> {
    let text = fs_err::read(folder.join("output")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let stamp = text.lines().find_map(probe::Stamp::from_line)?;
    Some(MonotonicNs(stamp.monotonic_ns))
}
