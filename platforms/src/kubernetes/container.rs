//! A running pod.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::{Clock, MonotonicNs};
use engine::{
    Admission, Blame, Container, ContainerMemory, Exit, Inspection, Killed, LoadRequest, Policy,
    Recipe, SessionError, SmokeReply, StartRequest, StartStamps, Stopped,
};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use model::SmokeRequest;
use probe::Memory;
use serde_json::Value;
use tokio::sync::Mutex;

use super::inside::{Inside, Talk, Untold};
use super::names::{PROBER, SUBJECT};
use super::pace::pace;
use super::pods::Pods;
use super::session::{Alive, Image, PodSession};
use super::wanted::{Ground, Reference};
use super::{removal, starting, state, wanted};
use crate::prober::{self, Prober};

/// A pod with the measured container and the prober.
pub(crate) struct PodContainer {
    pub(crate) name: String,
    pub(crate) api: Api<Pod>,
    pub(crate) pods: Arc<Pods>,
    pub(crate) ground: Ground,
    pub(crate) reference: Reference,
    pub(crate) recipe: Recipe,
    pub(crate) talk: Mutex<Option<Talk>>,
    pub(crate) clock: Clock,
    pub(crate) alive: Alive,
    pub(crate) stamps: StartStamps,
    /// The cluster's policy in this namespace.
    pub(crate) policy: Policy,
}

impl PodContainer {
    /// The pod of a start, whose times are not known yet.
    pub(crate) fn of(session: &PodSession, request: &StartRequest, image: &Image) -> Self {
        Self {
            name: request.name.clone(),
            api: session.api.clone(),
            pods: session.pods.clone(),
            ground: session.ground.clone(),
            reference: image.reference.clone(),
            recipe: image.delivered.recipe.clone(),
            talk: Mutex::new(None),
            clock: session.clock,
            alive: session.alive.clone(),
            stamps: StartStamps {
                requested: MonotonicNs(0),
                started: MonotonicNs(0),
                first_instruction: None,
                ready: MonotonicNs(0),
            },
            policy: session.policy.clone(),
        }
    }

    fn fault(&self, doing: &str, why: String) -> SessionError {
        SessionError::environment(format!("{doing} {}", self.name), why)
    }

    fn inside<'a>(&'a self, container: &'a str) -> Inside<'a> {
        Inside {
            clock: self.clock,
            api: &self.api,
            pods: &self.pods,
            pod: &self.name,
            container,
        }
    }

    async fn ask(&self, words: &[&str], input: Option<String>) -> Result<Value, Untold> {
        self.inside(SUBJECT).ask(words, input).await
    }

    /// What the image's user can really do inside.
    async fn attempts(&self, request: &Value) -> Result<Value, Untold> {
        let words = wanted::attempts(&self.recipe);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let document = self.ask(&words, Some(request.to_string())).await?;
        let strange = |error: serde_json::Error| Untold::Probe(error.to_string());
        let attempts = serde_json::from_value(document).map_err(strange)?;
        serde_json::to_value(self.filtered(attempts).await).map_err(strange)
    }

    /// Talks to the prober that answers questions after the start; one that was started when first
    /// needed. `within` is how long it may take by itself.
    async fn talk<T>(
        &self,
        within: Duration,
        talk: impl AsyncFnOnce(&mut Prober) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let mut held = self.talk.lock().await;
        let mut begun = match held.take() {
            Some(begun) => begun,
            None => {
                let begun = Talk::begin(self.inside(PROBER)).await;
                begun.map_err(|why| self.fault("ask", why))?
            }
        };
        let limit = within + pace().answer;
        let told = tokio::time::timeout(limit, talk(&mut begun.prober)).await;
        let late = |_| self.fault("ask", format!("no answer within {} ms", limit.as_millis()));
        let told = told.map_err(late)??;
        // A prober that failed or is late is not asked again: its next line might be an old answer.
        *held = Some(begun);
        Ok(told)
    }

    /// What the cluster says of the pod: admitted by which policy, running what and where.
    fn admission(&self) -> Result<Value, String> {
        let pod = self.pods.get(&self.name).ok_or("the pod is gone")?;
        let status = state::container(&pod, SUBJECT);
        let status = status.ok_or("the cluster says nothing of its container")?;
        let spec = pod.spec.as_ref();
        let admission = Admission {
            policy: self.policy.clone(),
            impostor: state::impostor(&pod, SUBJECT, &self.ground.node, &self.reference.digests),
            image_id: status.image_id.clone(),
            node: spec
                .and_then(|spec| spec.node_name.clone())
                .unwrap_or_default(),
            restarts: status.restart_count,
        };
        serde_json::to_value(admission).map_err(|error| error.to_string())
    }

    /// Deletes the pod with `grace` and waits until it is gone.
    pub(crate) async fn remove(self, grace: Option<u32>) -> Result<(), SessionError> {
        removal::remove(self.clock, &self.api, &self.pods, &self.name, grace).await?;
        self.alive.forget(&self.name);
        Ok(())
    }
}

#[async_trait]
impl Container for PodContainer {
    fn stamps(&self) -> &StartStamps {
        &self.stamps
    }

    async fn inspect(&self, what: &Inspection) -> Result<Value, SessionError> {
        let document = match what {
            Inspection::Facts => self.ask(&["facts", "--pid", "1"], None).await,
            Inspection::Hash => self.ask(&["hash", "--pid", "1"], None).await,
            Inspection::Attempts(request) => self.attempts(request).await,
            Inspection::Admission => self.admission().map_err(Untold::Cluster),
        };
        document.map_err(|why| match why {
            Untold::Cluster(why) => self.fault("look at", why),
            Untold::Probe(why) => self.fault("look at", why).blamed_on(Blame::Harness),
        })
    }

    async fn request(&self, request: &SmokeRequest) -> Result<SmokeReply, SessionError> {
        let within = prober::ANSWER;
        self.talk(within, async |prober| {
            prober.smoke(&self.name, request).await
        })
        .await
    }

    async fn load(&self, load: &LoadRequest) -> Result<Value, SessionError> {
        let within = load.duration + prober::ANSWER;
        self.talk(within, async |prober| {
            prober.put_load(&self.name, load).await
        })
        .await
    }

    async fn memory(&self) -> Result<ContainerMemory, SessionError> {
        let memory = memory(self.inside(SUBJECT)).await;
        let memory = memory.map_err(|why| self.fault("read the memory of", why))?;
        Ok(ContainerMemory {
            pss_bytes: memory.pss_bytes,
            pss_anon_bytes: Some(memory.pss_anon_bytes),
            working_set_bytes: None,
            processes: memory.processes,
        })
    }

    async fn output(&self) -> String {
        starting::output(&self.api, &self.name, SUBJECT).await
    }

    async fn exit(&self) -> Option<Exit> {
        self.pods.get(&self.name).as_ref().and_then(state::ended)
    }

    async fn disqualified(&self) -> Option<String> {
        let Some(pod) = self.pods.get(&self.name) else {
            return Some("the pod is gone".to_owned());
        };
        let ended = state::ended(&pod).map(|exit| format!("it had ended: {exit:?}"));
        ended.or(state::impostor(
            &pod,
            SUBJECT,
            &self.ground.node,
            &self.reference.digests,
        ))
    }

    async fn stop(self: Box<Self>) -> Result<Option<Stopped>, SessionError> {
        let asked = self.clock.monotonic();
        removal::delete(self.clock, &self.api, &self.name, None)
            .await
            .map_err(|why| self.fault("stop", why))?;
        let limit = pace().pod_gone + Duration::from_millis(self.recipe.config.stop_grace_ms);
        let ended = self.pods.end(self.clock, &self.name, limit).await;
        let took = self.clock.monotonic().since(asked);
        let exit = ended.map_err(|why| self.fault("see the end of", why.words()))?;
        self.remove(None).await?;
        Ok(exit.map(|exit| Stopped {
            exit,
            took,
            killed: if exit == Exit::Signal(9) {
                Killed::Yes
            } else {
                Killed::No
            },
        }))
    }

    async fn kill(self: Box<Self>) -> Result<(), SessionError> {
        self.remove(Some(removal::SHORTEST_GRACE_S)).await
    }
}

/// What the processes of a container have mapped.
pub(crate) async fn memory(inside: Inside<'_>) -> Result<Memory, String> {
    let document = inside.ask(&["memory"], None).await.map_err(Untold::words)?;
    let memory: Memory = serde_json::from_value(document).map_err(|error| error.to_string())?;
    if !memory.unreadable.is_empty() {
        return Err(format!(
            "not all could be read: {}",
            memory.unreadable.join(", ")
        ));
    }
    if memory.processes == 0 {
        return Err("no process of it could be read".to_owned());
    }
    Ok(memory)
}
