//! A simulated session: start times and memory are drawn, nothing runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::{Clock, MonotonicNs};
use engine::{
    Container, Delivered, Delivery, Session, SessionError, SessionMemory, StartError, StartRequest,
    StartStamps, TreeOrigin, Verification,
};
use model::{PlatformFacts, PlatformFamily, PlatformName, Standing};

use super::container::SimContainer;
use super::dial::Dial;
use super::noise::Noise;

/// A start of the baseline on a quiet host, request to first answer.
const START_MS: f64 = 60.0;
/// The part of it before the first instruction.
const BEFORE_FIRST_INSTRUCTION: f64 = 0.4;
/// Memory of one container of the baseline.
const CONTAINER_BYTES: f64 = 8.0 * 1_048_576.0;
/// How much slower, or bigger, the run-time controls that ship are.
const CONTROLS: [(&str, f64, f64); 2] = [("slow-start", 3.0, 1.0), ("more-memory", 1.0, 5.0)];

pub(super) struct SimSession {
    dial: Dial,
    clock: Clock,
    facts: PlatformFacts,
    state: Arc<Mutex<State>>,
    labels: Mutex<BTreeMap<String, Truth>>,
}

/// What is drawn from and counted.
pub(super) struct State {
    noise: Noise,
    starts: u64,
    /// Bytes of every running container by name.
    pub(super) running: BTreeMap<String, f64>,
}

/// What is true of one delivered image.
#[derive(Debug, Clone, Copy)]
struct Truth {
    start: f64,
    memory: f64,
}

impl SimSession {
    pub(super) fn new(name: PlatformName, dial: Dial, clock: Clock) -> Self {
        let facts = PlatformFacts {
            platform: name,
            family: PlatformFamily::Oci,
            standing: Standing::Simulated,
            summary: format!("simulated, {dial}"),
            facts: BTreeMap::from([("dial".to_owned(), dial.to_string())]),
            cannot_measure: BTreeMap::from([(
                "kernel".to_owned(),
                "nothing runs, so there is no kernel truth to read".to_owned(),
            )]),
        };
        Self {
            dial,
            clock,
            facts,
            state: Arc::new(Mutex::new(State {
                noise: Noise::new(dial.seed),
                starts: 0,
                running: BTreeMap::new(),
            })),
            labels: Mutex::new(BTreeMap::new()),
        }
    }

    /// The truth about a label such as `python-candidate`.
    fn truth(&self, label: &str) -> Truth {
        if !label.ends_with("-candidate") {
            return Truth {
                start: 1.0,
                memory: 1.0,
            };
        }
        let control = CONTROLS.iter().find(|(name, ..)| label.starts_with(name));
        let (start, memory) = control.map_or((self.dial.start, self.dial.memory), |c| (c.1, c.2));
        Truth { start, memory }
    }

    /// Draws one start; fails where the dial says that a container dies.
    fn draw(&self, request: &StartRequest, truth: Truth) -> Result<(f64, f64), String> {
        let mut state = self.state.lock().map_err(|error| error.to_string())?;
        state.starts += 1;
        let starts = state.starts;
        if self.dial.dies_every > 0 && starts.is_multiple_of(self.dial.dies_every) {
            return Err(format!("start {starts} was dialled to die"));
        }
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52 starts")]
        let drift = 1.0 + self.dial.drift * starts as f64;
        let again = if request.name.ends_with("-again") {
            self.dial.again
        } else {
            1.0
        };
        let noise = (self.dial.noise * state.noise.normal()).exp();
        let ms = START_MS * truth.start * again * drift * noise;
        let bytes = CONTAINER_BYTES * truth.memory * again;
        state.running.insert(request.name.clone(), bytes);
        Ok((ms, bytes))
    }
}

#[async_trait]
impl Session for SimSession {
    fn facts(&self) -> &PlatformFacts {
        &self.facts
    }

    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError> {
        let truth = self.truth(&image.label);
        self.labels
            .lock()
            .map_err(|error| SessionError::environment("deliver", error))?
            .insert(image.label.clone(), truth);
        Ok(Delivered {
            label: image.label.clone(),
            recipe: image.recipe.clone(),
            tree: image.tree,
            origin: TreeOrigin::Made,
        })
    }

    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError> {
        let fault = |why: String| SessionError::environment(format!("start {}", start.name), why);
        let labels = self
            .labels
            .lock()
            .map_err(|error| fault(error.to_string()))?;
        let truth = labels.get(&start.image).copied();
        drop(labels);
        let truth = truth.ok_or_else(|| fault(format!("{} was not delivered", start.image)))?;
        let (ms, bytes) = self
            .draw(start, truth)
            .map_err(|why| StartError::NotReady {
                image: start.image.clone(),
                why,
                output: String::new(),
            })?;
        let requested = self.clock.monotonic();
        let after = |ms: f64| requested.plus(Duration::from_secs_f64(ms / 1000.0));
        let first = after(ms * BEFORE_FIRST_INSTRUCTION);
        let skew = Duration::from_secs_f64(self.dial.skew_ms / 1000.0);
        let early = u64::try_from(skew.as_nanos()).unwrap_or(u64::MAX);
        let stamps = StartStamps {
            requested,
            started: first,
            first_instruction: Some(MonotonicNs(first.0.saturating_sub(early))),
            ready: after(ms),
        };
        Ok(Box::new(SimContainer {
            name: start.name.clone(),
            bytes,
            stamps,
            state: self.state.clone(),
        }))
    }

    async fn memory(&self) -> Result<SessionMemory, SessionError> {
        let mut state = self
            .state
            .lock()
            .map_err(|error| SessionError::environment("read memory", error))?;
        let sum: f64 = state.running.values().sum();
        let noise = self.dial.noise * CONTAINER_BYTES * state.noise.normal();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bytes drawn for a simulation"
        )]
        let bytes = (sum + noise).max(0.0) as u64;
        Ok(SessionMemory {
            working_set_bytes: Some(bytes),
            pss_bytes: bytes,
            containers: u32::try_from(state.running.len()).unwrap_or(u32::MAX),
        })
    }

    async fn verify(&self, _: &Delivered) -> Result<Verification, SessionError> {
        Ok(Verification::Untouched(0))
    }

    async fn close(self: Box<Self>) -> Result<(), SessionError> {
        Ok(())
    }
}
