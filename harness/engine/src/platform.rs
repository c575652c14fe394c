//! What a platform is to the engine: something that can be detected and opened.

use std::sync::Arc;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use model::{ClusterSettings, PlatformFamily, PlatformName, RunId};

use crate::clock::Clock;
use crate::error::SessionError;
use crate::ledger::Ledger;
use crate::session::Session;

/// A place where containers run. One file per member in `platforms/`.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Stable name: `oci`.
    fn name(&self) -> &str;

    /// One line for people.
    fn summary(&self) -> &str;

    /// Which margins apply.
    fn family(&self) -> PlatformFamily;

    /// Whether it could be opened here. Makes nothing.
    async fn detect(&self, around: &Surroundings) -> Detection;

    /// The least rights that a run needs there, as manifests for its administrator to make; nothing
    /// where rights are not given that way.
    fn rights(&self, _namespace: &str) -> Option<String> {
        None
    }

    /// Opens a session.
    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError>;
}

/// What detection finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detection {
    /// It can be opened; its facts in a line.
    Available(String),
    /// It cannot.
    Absent {
        /// Why not.
        why: String,
        /// What would provide it.
        remedy: String,
    },
}

/// What detection may use.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Our programs.
    pub libexec: Libexec,
    /// What the user says of the cluster, if it is one.
    pub cluster: ClusterSettings,
}

/// The harness's own programs that run beside or inside containers.
#[derive(Debug, Clone)]
pub struct Libexec {
    /// The static probe.
    pub probe: Utf8PathBuf,
    /// The embedded runtime.
    pub launch: Utf8PathBuf,
}

/// What a session is opened with.
#[derive(Debug, Clone)]
pub struct OpenRequest {
    /// The name the platform was asked for by; facts carry it.
    pub platform: PlatformName,
    /// The run; every object's name carries it.
    pub run: RunId,
    /// Our programs.
    pub libexec: Libexec,
    /// A folder of this session's own, outside the run folder, removed at close.
    pub scratch: Utf8PathBuf,
    /// A folder for what may be kept between runs; nothing is kept without one.
    pub cache: Option<Utf8PathBuf>,
    /// What the user says of the cluster, if it is one.
    pub cluster: ClusterSettings,
    /// Where objects are announced.
    pub ledger: Ledger,
    /// The clock.
    pub clock: Clock,
    /// Asked to stop: calls return early with a residue.
    pub stop: Arc<tokio_util::sync::CancellationToken>,
}
