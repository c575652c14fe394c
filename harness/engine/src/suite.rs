//! What a suite is to the engine: a question, checks, a way to observe and a way to judge.

use async_trait::async_trait;
use camino::Utf8PathBuf;
use model::{
    CheckInfo, CheckResult, ImageFacts, ImageSpec, Measurement, PlannedCell, PlatformFacts,
    Profile, Samples,
};

use crate::error::SessionError;
use crate::observing::Observing;
use crate::session::Delivered;

/// A suite: one file (or folder) per member in `suites/`.
#[async_trait]
pub trait Suite: Send + Sync {
    /// Stable name: `startup`.
    fn name(&self) -> &'static str;

    /// The question it answers, for people.
    fn question(&self) -> &'static str;

    /// Its checks, in the order of reports.
    fn checks(&self) -> Vec<&'static CheckInfo>;

    /// The method text that the report prints, from the same constants the code uses.
    fn explain(&self, profile: &Profile) -> Vec<String>;

    /// Whether its readings suffer from another run that measures on the same host at the same
    /// time. Such cells queue on the host-wide lock.
    fn is_timed(&self) -> bool;

    /// How many comparisons of the baseline with itself one cell makes.
    fn self_comparisons(&self) -> u32;

    /// Looks, records, decides nothing.
    async fn observe(&self, observing: &Observing<'_>) -> Result<(), ObserveError>;

    /// Whether the last attempt's baseline equals itself; `None` when it does or there is no such
    /// comparison, otherwise why the session is invalid. Pure.
    fn invalid(&self, judging: &Judging<'_>) -> Option<String>;

    /// Decides every declared check from the samples alone. Pure.
    fn judge(&self, judging: &Judging<'_>) -> Judgement;
}

/// One arm of a cell as the suite sees it.
#[derive(Debug, Clone)]
pub struct ArmImage {
    /// What the image is.
    pub facts: ImageFacts,
    /// Its OCI layout.
    pub layout: Utf8PathBuf,
    /// The cut's listing (`rootfs.tree`), unless it is an existing image.
    pub listing: Option<Utf8PathBuf>,
    /// Its spec.
    pub spec: ImageSpec,
    /// As delivered to the session, if there is one.
    pub delivered: Option<Delivered>,
}

/// What a verdict on one cell may rest on.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// The cell.
    pub cell: &'a PlannedCell,
    /// The criteria.
    pub profile: &'a Profile,
    /// What was observed.
    pub samples: &'a Samples,
    /// The image under test.
    pub candidate: &'a ImageFacts,
    /// What it is compared with.
    pub baseline: Option<&'a ImageFacts>,
    /// Where it ran, if it ran.
    pub platform: Option<&'a PlatformFacts>,
    /// Comparisons of a baseline with itself in the whole run.
    pub self_comparisons: u32,
}

/// What a suite says about one cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// One result per declared check it could decide; the engine adds `not-run` for the others.
    pub checks: Vec<CheckResult>,
    /// Numbers.
    pub measurements: Vec<Measurement>,
    /// What a reader should know first.
    pub warnings: Vec<String>,
}

/// Why observing ended early.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The session failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The baseline never became ready: the comparison is our fault, not the image's.
    #[error("the baseline did not become ready: {0}")]
    Baseline(String),
    /// The run was asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Reading an image or writing the journal failed.
    #[error("{0}")]
    Harness(String),
}
