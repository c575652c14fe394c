//! An open platform: images are delivered to it, containers started on it.

use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use model::{
    Digest, PlatformFacts, Readiness, Resources, RuntimeConfig, SmokeRequest, WritablePath,
};

use crate::clock::MonotonicNs;
use crate::error::{Blame, SessionError, StartError};
use crate::turns::{InTurn, LapError};

/// An open session on a platform.
#[async_trait]
pub trait Session: Send + Sync {
    /// What the platform is, as this session found it.
    fn facts(&self) -> &PlatformFacts;

    /// Makes an image startable.
    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError>;

    /// Starts a container and waits until it is ready. Of several containers each has network and
    /// processes of its own.
    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError>;

    /// Whether starts are timed in turn ([`Self::in_turn`]), and not one by one with a stamper in
    /// front.
    fn takes_turns(&self) -> bool {
        false
    }

    /// Puts a container of each request beside the others, starts their entrypoints in turn, and
    /// removes all of them: what came of each place. The requests' stampers mean nothing here.
    async fn in_turn(&self, lap: &[StartRequest]) -> Result<Vec<InTurn>, LapError> {
        let attempted = format!("start {} images in turn", lap.len());
        let error = SessionError::environment(attempted, "this platform times starts one by one");
        Err(LapError {
            place: 0,
            error: error.blamed_on(Blame::Harness).into(),
        })
    }

    /// Memory used by all containers of this session together, if the platform can tell.
    async fn memory(&self) -> Result<SessionMemory, SessionError>;

    /// Whether a delivered image is still exactly what was delivered.
    async fn verify(&self, image: &Delivered) -> Result<Verification, SessionError>;

    /// Removes everything this session made.
    async fn close(self: Box<Self>) -> Result<(), SessionError>;
}

/// A running container. Dropping it without `stop` leaves it to the session's `close`.
#[async_trait]
pub trait Container: Send + Sync {
    /// When what happened.
    fn stamps(&self) -> &StartStamps;

    /// Looks at it from outside or inside: the probe's JSON document, verbatim.
    async fn inspect(&self, what: &Inspection) -> Result<serde_json::Value, SessionError>;

    /// Sends one request as the application's client.
    async fn request(&self, request: &SmokeRequest) -> Result<SmokeReply, SessionError>;

    /// Puts load on it: the probe's JSON document about it.
    async fn load(&self, load: &LoadRequest) -> Result<serde_json::Value, SessionError>;

    /// Its memory.
    async fn memory(&self) -> Result<ContainerMemory, SessionError>;

    /// The last lines it wrote.
    async fn output(&self) -> String;

    /// Whether it still runs; its exit otherwise.
    async fn exit(&self) -> Option<Exit>;

    /// Why what is seen of it now does not count: it has ended, or the platform says that it is not
    /// what was asked for.
    async fn disqualified(&self) -> Option<String> {
        let ended = self.exit().await;
        ended.map(|exit| format!("it had ended: {exit:?}"))
    }

    /// Asks it to stop, waits, kills it after its grace, removes it and waits until it is gone.
    /// Nothing when the platform removed it and did not say how it ended.
    async fn stop(self: Box<Self>) -> Result<Option<Stopped>, SessionError>;

    /// Kills it without asking, removes it and waits until it is gone: for a trial that is over and
    /// whose end is not looked at.
    async fn kill(self: Box<Self>) -> Result<(), SessionError>;
}

/// An image to be made startable.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// A short name for people and paths: `python-candidate`.
    pub label: String,
    /// The OCI layout.
    pub layout: Utf8PathBuf,
    /// The manifest that must be found there.
    pub manifest: Digest,
    /// The digest of its merged tree, which is verified again at the end.
    pub tree: Digest,
    /// How a container of it runs.
    pub recipe: Recipe,
}

/// How a container of an image runs, in every arm.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Entrypoint, user, environment.
    pub config: RuntimeConfig,
    /// What says it is ready.
    pub readiness: Readiness,
    /// What it may write.
    pub writable: Vec<WritablePath>,
    /// Its limits.
    pub resources: Resources,
}

/// A delivered image.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its label, which names it in `start`.
    pub label: String,
    /// Its recipe.
    pub recipe: Recipe,
    /// The digest of its tree.
    pub tree: Digest,
    /// Where the tree came from.
    pub origin: TreeOrigin,
}

impl Delivery {
    /// The same, delivered: its tree was made for this session.
    pub fn made(&self) -> Delivered {
        Delivered {
            label: self.label.clone(),
            recipe: self.recipe.clone(),
            tree: self.tree,
            origin: TreeOrigin::Made,
        }
    }
}

/// Where a delivered tree came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeOrigin {
    /// Made for this session.
    Made,
    /// Kept from an earlier session, and every byte hashed again.
    Kept,
}

/// One start.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The label of a delivered image.
    pub image: String,
    /// A name unique in the session: `w012-candidate`.
    pub name: String,
    /// Whether the stamper runs in front of the entrypoint.
    pub stamper: Stamper,
    /// Longest wait for readiness.
    pub ready_within: Duration,
}

/// Whether the stamper runs in front of the entrypoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamper {
    /// It stamps, then execs the entrypoint. Platforms that time starts in turn do not know it.
    InFront,
    /// The entrypoint runs as the image says.
    Absent,
}

/// When what happened during a start, all on the node's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartStamps {
    /// Just before the runtime was asked.
    pub requested: MonotonicNs,
    /// When the runtime said it had started it.
    pub started: MonotonicNs,
    /// First instruction in the container, if the stamper ran.
    pub first_instruction: Option<MonotonicNs>,
    /// First correct response byte, or what else counts as ready.
    pub ready: MonotonicNs,
}

/// What to look at.
#[derive(Debug, Clone)]
pub enum Inspection {
    /// Kernel truth: `probe facts`.
    Facts,
    /// Attempts as the image's user: `probe attempts`, with its request document.
    Attempts(serde_json::Value),
    /// Every path's digest: `probe hash`.
    Hash,
    /// What the platform's own admission said, and what it says it runs: an [`Admission`].
    Admission,
}

/// What a platform that admits containers by policy says of one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Admission {
    /// The policy that was in force.
    pub policy: Policy,
    /// Why it is not what was planned: another image, another node, a restart.
    pub impostor: Option<String>,
    /// The image as the platform names what it runs.
    pub image_id: String,
    /// Where it ran.
    pub node: String,
    /// How often it was started again.
    pub restarts: i32,
}

/// An admission policy as a session found it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// Its name: `Pod Security restricted:latest`.
    pub standard: String,
    /// Whether it refused what it must refuse.
    pub enforced: bool,
    /// What was said to a container that it must refuse.
    pub words: String,
}

/// Load on an application.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// The request repeated.
    pub request: SmokeRequest,
    /// Parallel connections.
    pub connections: u32,
    /// For how long.
    pub duration: Duration,
}

/// What came back for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmokeReply {
    /// As expected.
    Right,
    /// Something else; what.
    Wrong(String),
}

/// Memory of one container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerMemory {
    /// Proportional set size of its processes.
    pub pss_bytes: u64,
    /// The anonymous part of it.
    pub pss_anon_bytes: Option<u64>,
    /// Working set as its control group sees it: everything charged but inactive file pages.
    pub working_set_bytes: Option<u64>,
    /// Its processes.
    pub processes: u32,
}

/// Memory of all containers of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionMemory {
    /// Everything charged to the session's control group but inactive file pages; absent without
    /// one.
    pub working_set_bytes: Option<u64>,
    /// Sum of proportional set sizes over every process of the session.
    pub pss_bytes: u64,
    /// Containers counted.
    pub containers: u32,
}

/// Whether a delivered image is untouched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Exactly as delivered; entries compared.
    Untouched(u64),
    /// Changed; the paths.
    Changed(Vec<String>),
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// How a container stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// How it ended.
    pub exit: Exit,
    /// From the stop signal to its end.
    pub took: Duration,
    /// Whether it had to be killed.
    pub killed: Killed,
}

/// Whether a container had to be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    /// It stopped by itself within its grace.
    No,
    /// It ignored its stop signal.
    Yes,
}
