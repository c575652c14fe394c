//! Running a plan: sessions are opened, images delivered, cells observed, everything removed.
//!
//! Nothing here decides a verdict: what happened is written to the journal, and the judge folds it
//! over the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use model::{ClusterSettings, ImageName, Outcome, Plan, PlannedCell, PlatformName, RunId};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, millis};
use crate::delivery;
use crate::event::{Event, Listener};
use crate::host_lock::HostLock;
use crate::journal::{Journal, JournalWriter, Record};
use crate::ledger::Ledger;
use crate::observing::Observing;
use crate::platform::{Libexec, OpenRequest, Platform};
use crate::queue::Turn;
use crate::session::{Session, Verification};
use crate::suite::{ArmImage, Judging, ObserveError, Suite};

/// Everything a run needs.
pub struct Run<'a> {
    /// Its id.
    pub id: RunId,
    /// What will be judged.
    pub plan: &'a Plan,
    /// The suites, by registry.
    pub suites: &'a [&'a dyn Suite],
    /// The platforms, by registry.
    pub platforms: &'a [&'a dyn Platform],
    /// Both arms of every image that was built.
    pub images: BTreeMap<ImageName, ImagePair>,
    /// Images that could not be built; their cells end with that.
    pub unbuilt: BTreeMap<ImageName, Unbuilt>,
    /// Where everything is written.
    pub journal: Arc<JournalWriter>,
    /// Where events go.
    pub listener: &'a dyn Listener,
    /// The clock.
    pub clock: Clock,
    /// Asked to stop.
    pub stop: CancellationToken,
    /// Our programs.
    pub libexec: Libexec,
    /// A folder outside the run folder for sessions' own folders.
    pub scratch: Utf8PathBuf,
    /// Where sessions may keep what the next run can use; nothing is kept without it.
    pub cache: Option<Utf8PathBuf>,
    /// What the user says of clusters, by platform.
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// What timed cells of all runs on this host queue on.
    pub host_lock: HostLock,
}

/// An image that could not be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbuilt {
    /// How its cells end.
    pub outcome: Outcome,
    /// What happened, with its causes.
    pub reason: String,
}

/// Why a cell was cancelled.
const INTERRUPTED: &str = "interrupted";

/// Both arms of an image.
#[derive(Debug, Clone)]
pub struct ImagePair {
    /// The image under test.
    pub candidate: ArmImage,
    /// What it is compared with.
    pub baseline: Option<ArmImage>,
}

/// Writing the journal failed: nothing can be certified any more.
#[derive(Debug, thiserror::Error)]
#[error("could not write the journal: {0}")]
pub struct RunError(pub String);

impl Run<'_> {
    /// Observes every cell of the plan. Failures of sessions and cells are recorded, not returned.
    pub async fn observe(mut self) -> Result<(), RunError> {
        let images = std::mem::take(&mut self.images);
        let (built, unbuilt): (Vec<&PlannedCell>, Vec<&PlannedCell>) = self
            .plan
            .cells
            .iter()
            .partition(|cell| !self.unbuilt.contains_key(&cell.image));
        for cell in unbuilt {
            if let Some(why) = self.unbuilt.get(&cell.image) {
                self.skip(cell, why.outcome, &why.reason)?;
            }
        }
        for cell in built.iter().filter(|cell| !cell.needs_session) {
            self.cell(cell, None, &images).await?;
        }
        let mut platforms: Vec<&PlatformName> = Vec::new();
        for cell in built.iter().filter(|cell| cell.needs_session) {
            if !platforms.contains(&&cell.platform) {
                platforms.push(&cell.platform);
            }
        }
        for platform in platforms {
            self.platform(platform, images.clone()).await?;
        }
        Ok(())
    }

    async fn platform(
        &self,
        name: &PlatformName,
        mut images: BTreeMap<ImageName, ImagePair>,
    ) -> Result<(), RunError> {
        let cells: Vec<&PlannedCell> = self
            .plan
            .cells
            .iter()
            .filter(|cell| cell.needs_session && cell.platform == *name)
            .filter(|cell| !self.unbuilt.contains_key(&cell.image))
            .collect();
        if self.stop.is_cancelled() {
            for cell in cells {
                self.skip(cell, Outcome::Cancelled, INTERRUPTED)?;
            }
            return Ok(());
        }
        let session = match self.open(name).await {
            Ok(session) => session,
            Err((outcome, reason)) => {
                self.write(&Record::NoSession {
                    platform: name.clone(),
                    reason: reason.clone(),
                })?;
                for cell in cells {
                    self.skip(cell, outcome, &reason)?;
                }
                return Ok(());
            }
        };
        self.write(&Record::Session(session.facts().clone()))?;
        let undelivered = delivery::all(self, session.as_ref(), &cells, &mut images).await?;
        for cell in &cells {
            if self.stop.is_cancelled() {
                break;
            }
            match undelivered.get(&cell.image) {
                Some((outcome, reason)) => self.skip(cell, *outcome, reason)?,
                None => self.cell(cell, Some(session.as_ref()), &images).await?,
            }
        }
        for cell in &cells {
            if self.stop.is_cancelled() {
                self.cancel_unstarted(cell)?;
            }
        }
        self.verify(session.as_ref(), &images, &cells).await?;
        let started = self.clock.monotonic();
        if let Err(error) = session.close().await {
            // What is left stands in the ledger; the judge reads it there.
            self.listener.on(&Event::Note(error.to_string()));
        }
        self.span("close", millis(self.clock.monotonic().since(started)))
    }

    async fn open(&self, name: &PlatformName) -> Result<Box<dyn Session>, (Outcome, String)> {
        let platform = self
            .platforms
            .iter()
            .find(|platform| platform.name() == name.as_str())
            .ok_or_else(|| {
                (
                    Outcome::HarnessError,
                    format!("this program has no platform {name}"),
                )
            })?;
        let request = OpenRequest {
            platform: name.clone(),
            run: self.id.clone(),
            libexec: self.libexec.clone(),
            scratch: self.scratch.join(name.as_str()),
            cache: self.cache.clone(),
            cluster: self
                .clusters
                .get(name.as_str())
                .cloned()
                .unwrap_or_default(),
            ledger: Ledger::new(self.journal.clone()),
            clock: self.clock,
            stop: Arc::new(self.stop.clone()),
        };
        platform
            .open(request)
            .await
            .map_err(|error| (error.blame.outcome(), error.to_string()))
    }

    /// Observes one cell, again while its session is invalid and a repetition is left.
    async fn cell(
        &self,
        cell: &PlannedCell,
        session: Option<&dyn Session>,
        images: &BTreeMap<ImageName, ImagePair>,
    ) -> Result<(), RunError> {
        if self.stop.is_cancelled() {
            return self.skip(cell, Outcome::Cancelled, INTERRUPTED);
        }
        let suite = self
            .suites
            .iter()
            .find(|suite| suite.name() == cell.suite.as_str());
        let (Some(suite), Some(pair)) = (suite, images.get(&cell.image)) else {
            let why = format!("no suite {} or no image {}", cell.suite, cell.image);
            return self.skip(cell, Outcome::HarnessError, &why);
        };
        // Held until the cell's end is written.
        let _turn = match (suite.is_timed() && session.is_some()).then(|| self.turn(cell)) {
            None => None,
            Some(turn) => match turn.await? {
                Turn::Ours(held) => Some(held),
                Turn::Never(outcome, why) => return self.skip(cell, outcome, &why),
            },
        };
        self.listener.on(&Event::CellStarted {
            cell: cell.id.clone(),
        });
        let started = self.clock.monotonic();
        let (outcome, reason) = self.attempts(cell, *suite, pair, session).await?;
        self.write(&Record::CellEnd(model::CellEnd {
            cell: cell.id.clone(),
            ended: outcome,
            reason: reason.clone(),
            residue: None,
        }))?;
        let ms = millis(self.clock.monotonic().since(started));
        let summary = reason.unwrap_or_default();
        self.listener.on(&Event::CellEnded {
            cell: cell.id.clone(),
            outcome,
            summary,
            ms,
        });
        Ok(())
    }

    /// Lets a suite observe a cell until its session is valid or no repetition is left; how the
    /// observation ended, and why.
    async fn attempts(
        &self,
        cell: &PlannedCell,
        suite: &dyn Suite,
        pair: &ImagePair,
        session: Option<&dyn Session>,
    ) -> Result<(Outcome, Option<String>), RunError> {
        let self_comparisons = crate::judge::count_self_comparisons(self.plan, self.suites);
        for attempt in 0.. {
            self.write(&Record::CellStart {
                cell: cell.id.clone(),
                attempt,
            })?;
            let profile = self.plan.profile.on(cell.family);
            let observing = Observing {
                cell,
                attempt,
                profile: &profile,
                self_comparisons,
                session,
                candidate: &pair.candidate,
                baseline: pair.baseline.as_ref(),
                clock: self.clock,
                listener: self.listener,
                stop: &self.stop,
                journal: &self.journal,
                serial: std::sync::atomic::AtomicU32::new(0),
            };
            match suite.observe(&observing).await {
                Ok(()) => {}
                // Whatever stops a run may have stopped what the platform runs as well.
                Err(ObserveError::Session(error)) if self.stop.is_cancelled() => {
                    return Ok((Outcome::Cancelled, Some(format!("interrupted: {error}"))));
                }
                Err(error) => return Ok(ended(error)),
            }
            if attempt >= self.plan.profile.repeat_invalid_session {
                break;
            }
            match self.invalid(suite, cell, pair, self_comparisons)? {
                None => break,
                Some(why) => self
                    .listener
                    .on(&Event::Note(format!("{}: {why}; repeated once", cell.id))),
            }
        }
        Ok((Outcome::Pass, None))
    }

    fn invalid(
        &self,
        suite: &dyn Suite,
        cell: &PlannedCell,
        pair: &ImagePair,
        self_comparisons: u32,
    ) -> Result<Option<String>, RunError> {
        if suite.self_comparisons() == 0 {
            return Ok(None);
        }
        let journal =
            Journal::read(self.journal.path()).map_err(|error| RunError(error.to_string()))?;
        let samples = journal.samples().remove(&cell.id).unwrap_or_default();
        Ok(suite.invalid(&Judging {
            cell,
            profile: &self.plan.profile.on(cell.family),
            samples: &samples,
            candidate: &pair.candidate.facts,
            baseline: pair.baseline.as_ref().map(|arm| &arm.facts),
            platform: None,
            self_comparisons,
        }))
    }

    /// The certified trees must be what was delivered; otherwise every cell on them is void.
    async fn verify(
        &self,
        session: &dyn Session,
        images: &BTreeMap<ImageName, ImagePair>,
        cells: &[&PlannedCell],
    ) -> Result<(), RunError> {
        let started = self.clock.monotonic();
        for (name, pair) in images {
            let arms = std::iter::once(&pair.candidate).chain(pair.baseline.as_ref());
            for done in arms.filter_map(|arm| arm.delivered.as_ref()) {
                let broken = match session.verify(done).await {
                    Ok(Verification::Untouched(_)) => continue,
                    Ok(Verification::Changed(paths)) => {
                        format!(
                            "{} was changed while it ran: {}",
                            done.label,
                            paths.join(", ")
                        )
                    }
                    Err(error) => error.to_string(),
                };
                for cell in cells.iter().filter(|cell| cell.image == *name) {
                    self.skip(cell, Outcome::HarnessError, &broken)?;
                }
            }
        }
        self.span("verify", millis(self.clock.monotonic().since(started)))
    }

    fn cancel_unstarted(&self, cell: &PlannedCell) -> Result<(), RunError> {
        let journal =
            Journal::read(self.journal.path()).map_err(|error| RunError(error.to_string()))?;
        let ended = journal
            .samples()
            .get(&cell.id)
            .is_some_and(|seen| seen.end.is_some());
        if ended {
            Ok(())
        } else {
            self.skip(cell, Outcome::Cancelled, INTERRUPTED)
        }
    }

    fn skip(&self, cell: &PlannedCell, outcome: Outcome, reason: &str) -> Result<(), RunError> {
        self.write(&Record::CellEnd(model::CellEnd {
            cell: cell.id.clone(),
            ended: outcome,
            reason: Some(reason.to_owned()),
            residue: None,
        }))
    }

    pub(crate) fn span(&self, what: &str, ms: f64) -> Result<(), RunError> {
        self.write(&Record::Span {
            what: what.to_owned(),
            ms,
        })
    }

    fn write(&self, record: &Record) -> Result<(), RunError> {
        self.journal
            .append(record)
            .map(drop)
            .map_err(|error| RunError(error.to_string()))
    }
}

fn ended(error: ObserveError) -> (Outcome, Option<String>) {
    let outcome = match &error {
        ObserveError::Session(error) => error.blame.outcome(),
        ObserveError::Baseline(_) | ObserveError::Harness(_) => Outcome::HarnessError,
        ObserveError::Interrupted => Outcome::Cancelled,
    };
    (outcome, Some(error.to_string()))
}
