//! A container that does not exist.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Blame, Container, ContainerMemory, Exit, Inspection, Killed, LoadRequest, SessionError,
    SmokeReply, StartStamps, Stopped,
};
use model::SmokeRequest;

use super::session::State;

pub(super) struct SimContainer {
    pub(super) name: String,
    pub(super) bytes: f64,
    pub(super) stamps: StartStamps,
    pub(super) state: Arc<Mutex<State>>,
}

/// Nothing runs: what would have to be looked at is missing, never passed.
fn nothing_runs<T>(attempted: &str) -> Result<T, SessionError> {
    Err(SessionError::environment(
        attempted,
        "the platform is simulated and nothing runs on it",
    )
    .blamed_on(Blame::Missing)
    .try_this("a real platform: --platform oci"))
}

#[async_trait]
impl Container for SimContainer {
    fn stamps(&self) -> &StartStamps {
        &self.stamps
    }

    async fn inspect(&self, _: &Inspection) -> Result<serde_json::Value, SessionError> {
        nothing_runs("look into a container")
    }

    async fn request(&self, _: &SmokeRequest) -> Result<SmokeReply, SessionError> {
        nothing_runs("send a request")
    }

    async fn load(&self, _: &LoadRequest) -> Result<serde_json::Value, SessionError> {
        nothing_runs("put load on a container")
    }

    async fn memory(&self) -> Result<ContainerMemory, SessionError> {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bytes drawn for a simulation"
        )]
        let bytes = self.bytes as u64;
        Ok(ContainerMemory {
            pss_bytes: bytes,
            pss_anon_bytes: None,
            working_set_bytes: Some(bytes),
            processes: 1,
        })
    }

    async fn output(&self) -> String {
        String::new()
    }

    async fn exit(&self) -> Option<Exit> {
        None
    }

    async fn stop(self: Box<Self>) -> Result<Option<Stopped>, SessionError> {
        self.end()?;
        Ok(Some(Stopped {
            exit: Exit::Code(0),
            took: Duration::ZERO,
            killed: Killed::No,
        }))
    }

    async fn kill(self: Box<Self>) -> Result<(), SessionError> {
        self.end()
    }
}

impl SimContainer {
    fn end(&self) -> Result<(), SessionError> {
        self.state
            .lock()
            .map_err(|error| SessionError::environment("end a container", error))?
            .running
            .remove(&self.name);
        Ok(())
    }
}
