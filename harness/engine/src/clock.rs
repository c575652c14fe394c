//! The only clock of the harness, so that tests can hold it still.

use std::time::Duration;

/// Where time comes from. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Clock(());

/// An instant of the kernel's monotonic clock, in nanoseconds: the same clock the probe stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonotonicNs(pub u64);

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(())
    }

    /// Now, on `CLOCK_MONOTONIC`.
    pub fn monotonic(&self) -> MonotonicNs {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
        MonotonicNs(seconds * 1_000_000_000 + nanos)
    }

    /// Now, in UTC.
    pub fn utc(&self) -> jiff::Timestamp {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        let nanos = i32::try_from(now.tv_nsec).unwrap_or(0);
        jiff::Timestamp::new(now.tv_sec, nanos).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Waits without using the processor.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where sleeping is defined"
    )]
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Keeps one processor awake for `duration`: measured starts after a sleep and after work
    /// differ threefold (two modes), so the state between trials is held, not left to chance.
    pub fn spin(&self, duration: Duration) {
        let until = self.monotonic().plus(duration);
        while self.monotonic() < until {
            std::hint::spin_loop();
        }
    }
}

impl MonotonicNs {
    /// This instant and `duration` later.
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    /// Time since `earlier`; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in milliseconds, fraction kept.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
