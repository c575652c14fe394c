//! Waiting for the right to measure: cells whose readings another run would disturb.

use std::time::Duration;

use model::{Outcome, PlannedCell};

use crate::clock::millis;
use crate::event::Event;
use crate::host_lock::{Attempt, HostLockHeld};
use crate::run::{Run, RunError};

/// How often the lock is asked for.
const PERIOD: Duration = Duration::from_millis(50);

/// The name of the spans spent waiting: neither measuring nor the harness's own work.
pub const QUEUE_SPAN: &str = "queue";

/// What came of the wait.
pub(crate) enum Turn {
    /// This run may measure until it is dropped.
    Ours(HostLockHeld),
    /// The cell ends without having been observed.
    Never(Outcome, String),
}

impl Run<'_> {
    /// Waits until no other run on this host measures. Says so when it has to wait, and writes how
    /// long it did.
    pub(crate) async fn turn(&self, cell: &PlannedCell) -> Result<Turn, RunError> {
        let started = self.clock.monotonic();
        let mut waiting = false;
        loop {
            if self.stop.is_cancelled() {
                let why = "interrupted while another run was measuring".to_owned();
                return Ok(Turn::Never(Outcome::Cancelled, why));
            }
            match self.host_lock.attempt() {
                Err(error) => {
                    return Ok(Turn::Never(Outcome::EnvironmentError, error.to_string()));
                }
                Ok(Attempt::Held(held)) => {
                    if waiting {
                        let ms = millis(self.clock.monotonic().since(started));
                        self.span(QUEUE_SPAN, ms)?;
                        self.listener.on(&Event::StepEnded {
                            verb: "Queue",
                            object: format!("{} waited for another run", cell.id),
                            ms,
                        });
                    }
                    return Ok(Turn::Ours(held));
                }
                Ok(Attempt::Busy(file)) if !waiting => {
                    waiting = true;
                    self.listener.on(&Event::Note(format!(
                        "{} waits: another run on this host is measuring (it holds {file})",
                        cell.id
                    )));
                }
                Ok(Attempt::Busy(_)) => {}
            }
            self.clock.sleep(PERIOD).await;
        }
    }
}
