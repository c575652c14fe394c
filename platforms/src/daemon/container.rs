//! A running container of a daemon.

use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::query_parameters::KillContainerOptionsBuilder;
use camino::Utf8PathBuf;
use engine::clock::Clock;
use engine::{
    Blame, Container, ContainerMemory, Exit, Inspection, Killed, LoadRequest, Residue,
    SessionError, SmokeReply, StartStamps, Stopped,
};
use model::{RuntimeConfig, SmokeRequest};
use tokio::sync::Mutex;

use super::holder::{self, Holder};
use super::images::told;
use super::inspecting::inspect;
use super::starting;
use crate::ask;
use crate::runtime::members::Members;
use crate::runtime::memory::Mapped;
use crate::runtime::session::Alive;

/// Longest wait for a container that was killed.
const LAST_WAIT: Duration = Duration::from_secs(20);

/// A container and the holder of its network.
pub(super) struct DaemonContainer {
    pub(super) name: String,
    pub(super) client: Docker,
    pub(super) id: String,
    /// Its first process, on the host, unless it had ended when it was looked for.
    pub(super) pid: Option<u32>,
    pub(super) holder: Mutex<Holder>,
    pub(super) probe: Utf8PathBuf,
    pub(super) members: Option<Members>,
    pub(super) config: RuntimeConfig,
    pub(super) clock: Clock,
    pub(super) alive: Alive,
    pub(super) stamps: StartStamps,
}

impl DaemonContainer {
    async fn signal(&self, signal: &str) -> Result<(), String> {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let sent = self.client.kill_container(&self.id, Some(options)).await;
        sent.map_err(told)
    }

    /// Removes it and the holder of its network.
    async fn remove(self) -> Result<(), SessionError> {
        let attempted = format!("remove container {}", self.name);
        let holder = self.holder.into_inner();
        holder.prober.quit().await;
        for id in [&self.id, &holder.id] {
            holder::remove(&self.client, id).await.map_err(|why| {
                SessionError::environment(&attempted, why)
                    .leaving(Residue::Removable(vec![self.name.clone()]))
            })?;
        }
        self.alive.forget(&self.name);
        Ok(())
    }
}

#[async_trait]
impl Container for DaemonContainer {
    fn stamps(&self) -> &StartStamps {
        &self.stamps
    }

    async fn inspect(&self, what: &Inspection) -> Result<serde_json::Value, SessionError> {
        let attempted = format!("look at {}", self.name);
        let looked = match self.pid {
            Some(pid) => ask::look(&self.probe, what, pid, self.config.user, None).await,
            None => Err("it has no process any more".to_owned()),
        };
        looked.map_err(|why| SessionError::environment(attempted, why).blamed_on(Blame::Harness))
    }

    async fn request(&self, request: &SmokeRequest) -> Result<SmokeReply, SessionError> {
        let mut holder = self.holder.lock().await;
        holder.prober.smoke(&self.name, request).await
    }

    async fn load(&self, load: &LoadRequest) -> Result<serde_json::Value, SessionError> {
        let mut holder = self.holder.lock().await;
        holder.prober.put_load(&self.name, load).await
    }

    async fn memory(&self) -> Result<ContainerMemory, SessionError> {
        let pids = self.members.as_ref().map(Members::pids).unwrap_or_default();
        let mapped = Mapped::of(pids);
        if mapped.processes == 0 {
            let attempted = format!("read the memory of {}", self.name);
            let why = "no process of it could be read";
            return Err(SessionError::environment(attempted, why));
        }
        let working_set = |members: &Members| members.working_set(mapped.anonymous);
        Ok(ContainerMemory {
            pss_bytes: mapped.pss,
            pss_anon_bytes: mapped.anonymous,
            working_set_bytes: self.members.as_ref().and_then(working_set),
            processes: mapped.processes,
        })
    }

    async fn output(&self) -> String {
        starting::output(&self.client, &self.id).await
    }

    async fn exit(&self) -> Option<Exit> {
        let found = inspect(&self.client, &self.id).await.ok()?;
        let state = found.state?;
        if state.running.unwrap_or(false) {
            return None;
        }
        state.exit_code.map(exit)
    }

    async fn stop(self: Box<Self>) -> Result<Option<Stopped>, SessionError> {
        let attempted = format!("stop container {}", self.name);
        let fault = |why: String| SessionError::environment(&attempted, why);
        let asked = self.clock.monotonic();
        // One that is gone already takes no signal; the wait says how it ended.
        let _ = self.signal(&self.config.stop_signal).await;
        let grace = Duration::from_millis(self.config.stop_grace_ms);
        let mut killed = Killed::No;
        let mut ended = starting::ended(&self.client, &self.id, grace)
            .await
            .map_err(fault)?;
        if ended.is_none() {
            // One that takes no signal has ended by itself meanwhile, as the wait then tells.
            if self.signal("SIGKILL").await.is_ok() {
                killed = Killed::Yes;
            }
            ended = starting::ended(&self.client, &self.id, LAST_WAIT)
                .await
                .map_err(fault)?;
        }
        let took = self.clock.monotonic().since(asked);
        let status = ended.ok_or_else(|| fault("it does not end, even killed".to_owned()))?;
        self.remove().await?;
        Ok(Some(Stopped {
            exit: exit(status),
            took,
            killed,
        }))
    }

    async fn kill(self: Box<Self>) -> Result<(), SessionError> {
        // Removing by force kills.
        self.remove().await
    }
}

/// How it ended. A daemon tells an end by a signal as 128 and the signal's number.
pub(super) fn exit(status: i64) -> Exit {
    let status = i32::try_from(status).unwrap_or(-1);
    match status {
        129..=192 => Exit::Signal(status - 128),
        other => Exit::Code(other),
    }
}
