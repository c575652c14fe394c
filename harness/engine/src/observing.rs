//! What a suite observes with: the session, the arms, and a recorder that writes to the journal.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use model::{Arm, Observation, PlannedCell, Profile, Trial};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, millis};
use crate::error::StartError;
use crate::event::{Event, Listener};
use crate::journal::{JournalWriter, Record};
use crate::session::{Container, Session, Stamper, StartRequest};
use crate::suite::{ArmImage, ObserveError};
use crate::turns::{InTurn, LapError};

/// The observation of one cell.
pub struct Observing<'a> {
    /// The cell.
    pub cell: &'a PlannedCell,
    /// Which attempt, from 0.
    pub attempt: u32,
    /// The profile.
    pub profile: &'a Profile,
    /// Comparisons of a baseline with itself in the whole run.
    pub self_comparisons: u32,
    /// The platform, if the cell needs one.
    pub session: Option<&'a dyn Session>,
    /// The image under test.
    pub candidate: &'a ArmImage,
    /// What it is compared with.
    pub baseline: Option<&'a ArmImage>,
    /// The clock.
    pub clock: Clock,
    /// Where events go.
    pub listener: &'a dyn Listener,
    /// Asked to stop.
    pub stop: &'a CancellationToken,
    pub(crate) journal: &'a JournalWriter,
    pub(crate) serial: AtomicU32,
}

/// What became of a start.
pub enum Started {
    /// It runs and is ready.
    Ready(Box<dyn Container>),
    /// The image never became ready; already recorded.
    NotReady,
}

/// The observation kind under which a candidate that never became ready is recorded.
pub const NOT_READY: &str = "not-ready";

/// The observation kind under which a candidate that the platform's policy refused is recorded,
/// beside [`NOT_READY`]; its body is the policy's words.
pub const REFUSED: &str = "refused";

/// The body of a [`NOT_READY`] observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct NotReady {
    /// What happened.
    pub why: String,
    /// The last lines it wrote.
    pub output: String,
}

impl Observing<'_> {
    /// The arm's image; the baseline twice.
    pub fn image(&self, arm: Arm) -> Option<&ArmImage> {
        match arm {
            Arm::Candidate => Some(self.candidate),
            Arm::Baseline | Arm::BaselineAgain => self.baseline,
        }
    }

    /// Starts a container of `arm`. A candidate that never becomes ready is recorded as such; a
    /// baseline that never does is the harness's fault.
    pub async fn start(
        &self,
        arm: Arm,
        stamper: Stamper,
        ready_within: Duration,
    ) -> Result<Started, ObserveError> {
        self.go_on()?;
        let request = self.request(arm, stamper, ready_within)?;
        match self.session()?.start(&request).await {
            Ok(container) => Ok(Started::Ready(container)),
            Err(error) => self.not_ready(arm, error).map(|()| Started::NotReady),
        }
    }

    /// Starts the images of these arms in turn; nothing when a candidate never becomes ready, which is
    /// then recorded as such.
    pub async fn in_turn(
        &self,
        lap: &[Arm],
        ready_within: Duration,
    ) -> Result<Option<Vec<InTurn>>, ObserveError> {
        self.go_on()?;
        let requests: Vec<StartRequest> = lap
            .iter()
            .map(|arm| self.request(*arm, Stamper::InFront, ready_within))
            .collect::<Result<_, _>>()?;
        match self.session()?.in_turn(&requests).await {
            Ok(places) if places.len() == lap.len() => Ok(Some(places)),
            Ok(places) => {
                let (wanted, got) = (lap.len(), places.len());
                let why = format!("of {wanted} places of a lap {got} came back");
                Err(ObserveError::Harness(why))
            }
            Err(LapError { place, error }) => {
                let arm = lap.get(place).copied().unwrap_or(Arm::Candidate);
                self.not_ready(arm, error).map(|()| None)
            }
        }
    }

    fn request(
        &self,
        arm: Arm,
        stamper: Stamper,
        ready_within: Duration,
    ) -> Result<StartRequest, ObserveError> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let delivered = self
            .image(arm)
            .and_then(|image| image.delivered.as_ref())
            .ok_or_else(|| ObserveError::Harness(format!("{} was not delivered", arm.word())))?;
        let (suite, attempt) = (&self.cell.suite, self.attempt);
        Ok(StartRequest {
            image: delivered.label.clone(),
            name: format!("{suite}-{attempt}-{serial:04}-{}", arm.word()),
            stamper,
            ready_within,
        })
    }

    /// Records that a candidate did not become ready; whatever else happened is an error.
    fn not_ready(&self, arm: Arm, error: StartError) -> Result<(), ObserveError> {
        match error {
            StartError::NotReady { why, output, .. } if arm == Arm::Candidate => {
                self.fact(NOT_READY, &NotReady { why, output })
            }
            StartError::Refused { why, .. } if arm == Arm::Candidate => {
                self.fact(REFUSED, &why)?;
                let output = String::new();
                self.fact(NOT_READY, &NotReady { why, output })
            }
            StartError::Refused { why, .. } => Err(ObserveError::Baseline(why)),
            StartError::NotReady { why, output, .. } => Err(ObserveError::Baseline(format!(
                "{why}; its last output: {output}"
            ))),
            StartError::Session(error) => Err(error.into()),
        }
    }

    /// The session of a cell that needs one.
    pub fn session(&self) -> Result<&dyn Session, ObserveError> {
        self.session
            .ok_or_else(|| ObserveError::Harness("the cell has no session".to_owned()))
    }

    /// Fails when the run was asked to stop.
    pub fn go_on(&self) -> Result<(), ObserveError> {
        if self.stop.is_cancelled() {
            Err(ObserveError::Interrupted)
        } else {
            Ok(())
        }
    }

    /// Records a trial.
    pub fn trial(&self, trial: Trial) -> Result<(), ObserveError> {
        self.write(&Record::Trial(trial))
    }

    /// Records a fact.
    pub fn fact<T: Serialize>(&self, kind: &str, body: &T) -> Result<(), ObserveError> {
        let body = serde_json::to_value(body).map_err(|e| ObserveError::Harness(e.to_string()))?;
        self.write(&Record::Observation(Observation {
            cell: self.cell.id.clone(),
            attempt: self.attempt,
            kind: kind.to_owned(),
            body,
        }))
    }

    /// Records how long something took that is measuring itself (`trial`, `settle`), so that the
    /// rest of the run's time is known to be the harness's.
    pub fn span(&self, what: &str, took: Duration) -> Result<(), ObserveError> {
        self.write(&Record::Span {
            what: what.to_owned(),
            ms: millis(took),
        })
    }

    /// Tells a person how far it is.
    pub fn progress(&self, done: u32, of: u32, note: String) {
        let cell = self.cell.id.clone();
        self.listener.on(&Event::CellProgress {
            cell,
            done,
            of,
            note,
        });
    }

    pub(crate) fn write(&self, record: &Record) -> Result<(), ObserveError> {
        self.journal
            .append(record)
            .map(drop)
            .map_err(|error| ObserveError::Harness(format!("writing the journal: {error}")))
    }
}
