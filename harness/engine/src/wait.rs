//! The only way to wait: a condition that says ready, failed, or not yet with a status, under a
//! deadline; the error shows the last status.

use std::time::Duration;

use crate::clock::{Clock, MonotonicNs};

/// What a condition says.
#[derive(Debug)]
pub enum Poll<T> {
    /// It holds.
    Ready(T),
    /// It never will.
    Failed(String),
    /// Not yet; how it stands.
    NotYet(String),
}

/// A wait that ended without its condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed.
    #[error("{what} not reached within {limit_ms} ms; last: {last}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// The limit.
        limit_ms: u128,
        /// The last status.
        last: String,
    },
    /// The condition can no longer hold.
    #[error("{what} cannot be reached: {why}")]
    Failed {
        /// What was waited for.
        what: String,
        /// Why not.
        why: String,
    },
}

/// A point in time after which a call gives up.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: MonotonicNs,
    limit: Duration,
}

impl Deadline {
    /// `limit` from now.
    pub fn after(clock: Clock, limit: Duration) -> Self {
        Self {
            at: clock.monotonic().plus(limit),
            limit,
        }
    }

    /// Time left; zero when it passed.
    pub fn left(&self, clock: Clock) -> Duration {
        self.at.since(clock.monotonic())
    }

    /// Whether it passed.
    pub fn passed(&self, clock: Clock) -> bool {
        clock.monotonic() >= self.at
    }

    /// The limit it was made with.
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

/// Asks `condition` every `period` until it is ready, fails, or `deadline` passes.
pub async fn until<T>(
    clock: Clock,
    what: &str,
    period: Duration,
    deadline: Deadline,
    mut condition: impl FnMut() -> Poll<T>,
) -> Result<T, WaitError> {
    loop {
        let last = match condition() {
            Poll::Ready(value) => return Ok(value),
            Poll::Failed(why) => {
                return Err(WaitError::Failed {
                    what: what.to_owned(),
                    why,
                });
            }
            Poll::NotYet(status) => status,
        };
        if deadline.passed(clock) {
            let limit_ms = deadline.limit().as_millis();
            return Err(WaitError::TimedOut {
                what: what.to_owned(),
                limit_ms,
                last,
            });
        }
        clock.sleep(period.min(deadline.left(clock))).await;
    }
}
