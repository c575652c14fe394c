//! Many questions on several connections at once.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use probe::{Extent, Failure, FailureKind, Latency, Load, Loaded, Question, Reply};

use super::ask::{self, End, Patience};
use super::bounds::REQUESTS_MAX;
use super::lines::Lines;
use super::{Interruption, interruption};
use crate::sys::clock;
use crate::sys::files::{self, Event};

/// Stack of an asker; its largest buffer has 16 KiB.
const STACK: usize = 256 << 10;
/// Pause of an asker after a failure, so that a dead application is not hammered.
const PAUSE_NS: u64 = 5_000_000;

/// What all askers share.
struct Shared {
    question: Question,
    deadline_ns: u64,
    until_ns: u64,
    tickets: u64,
    taken: AtomicU64,
    /// Becomes readable when all must stop.
    stop: File,
}

/// What one asker saw.
struct Seen {
    latencies_ns: Vec<u64>,
    failed: u64,
    first_failure: Option<(u64, String)>,
    ended_ns: u64,
}

/// Puts the load on; answers when it is over.
pub(crate) fn load(load: &Load, lines: &mut Lines) -> Result<Reply, Failure> {
    let (stop, mut stopper) =
        files::pipe().map_err(|error| Failure::system("make a pipe", &error))?;
    let began_ns = clock::monotonic_ns();
    let (until_ns, tickets) = match load.extent {
        Extent::DurationMs(ms) => (began_ns.saturating_add(ms * 1_000_000), REQUESTS_MAX),
        Extent::Count(count) => (u64::MAX, count),
    };
    let shared = Arc::new(Shared {
        question: load.question.clone(),
        deadline_ns: load.deadline_ms.saturating_mul(1_000_000),
        until_ns,
        tickets,
        taken: AtomicU64::new(0),
        stop,
    });
    let mut askers = Vec::new();
    for _ in 0..load.connections {
        let shared = Arc::clone(&shared);
        match Builder::new()
            .stack_size(STACK)
            .spawn(move || asker(&shared))
        {
            Ok(asker) => askers.push(asker),
            Err(error) => {
                // Those that run already are stopped before the failure is told.
                let _ = stopper.write_all(b"x");
                askers.into_iter().for_each(|asker| drop(asker.join()));
                return Err(Failure::system("start an asker", &error));
            }
        }
    }
    let cancelled = watch(&askers, lines);
    if cancelled {
        stopper
            .write_all(b"x")
            .map_err(|error| Failure::system("stop the load", &error))?;
    }
    let seen = askers.into_iter().map(JoinHandle::join);
    let seen = seen
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Failure::new(FailureKind::System, "an asker has panicked"))?;
    Ok(Reply::Loaded(sum(seen, began_ns, cancelled)))
}

/// Waits for all askers, hearing commands meanwhile; whether the load was cancelled.
fn watch(askers: &[JoinHandle<Seen>], lines: &mut Lines) -> bool {
    while !askers.iter().all(JoinHandle::is_finished) {
        let until = clock::monotonic_ns().saturating_add(5_000_000);
        let _ = files::wait(&[(files::stdin(), Event::Readable)], Some(until));
        if let Interruption::Cancel = interruption(lines) {
            return true;
        }
    }
    false
}

fn asker(shared: &Shared) -> Seen {
    let mut seen = Seen {
        latencies_ns: Vec::new(),
        failed: 0,
        first_failure: None,
        ended_ns: clock::monotonic_ns(),
    };
    loop {
        let began_ns = clock::monotonic_ns();
        let ticket = shared.taken.fetch_add(1, Ordering::Relaxed);
        if began_ns >= shared.until_ns || ticket >= shared.tickets {
            return seen;
        }
        let patience = Patience {
            until_ns: began_ns.saturating_add(shared.deadline_ns),
            interrupt: shared.stop.as_fd(),
        };
        let asked = ask::ask(&shared.question, patience);
        match asked.end {
            End::Right => seen.latencies_ns.push(asked.ended_ns - began_ns),
            End::Interrupted => return seen,
            End::Refused(why) | End::Wrong(why) => {
                seen.failed += 1;
                seen.first_failure.get_or_insert((asked.ended_ns, why));
                let pause = asked.ended_ns.saturating_add(PAUSE_NS);
                let stop = [(shared.stop.as_fd(), Event::Readable)];
                if let Ok(Some(_)) = files::wait(&stop, Some(pause)) {
                    return seen;
                }
            }
        }
        seen.ended_ns = asked.ended_ns;
    }
}

fn sum(seen: Vec<Seen>, began_ns: u64, cancelled: bool) -> Loaded {
    let ended_ns = seen
        .iter()
        .map(|one| one.ended_ns)
        .max()
        .unwrap_or(began_ns);
    let failed = seen.iter().map(|one| one.failed).sum();
    let mut latencies = Vec::new();
    let mut failures = Vec::new();
    for one in seen {
        latencies.extend(one.latencies_ns);
        failures.extend(one.first_failure);
    }
    latencies.sort_unstable();
    Loaded {
        ok: latencies.len() as u64,
        failed,
        cancelled,
        first_failure: failures.into_iter().min().map(|(_, why)| why),
        latency: quantiles(&latencies),
        began_ns,
        ended_ns,
    }
}

/// Order statistics of sorted values by nearest rank.
fn quantiles(sorted: &[u64]) -> Option<Latency> {
    let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
    Some(Latency {
        min_ns: *sorted.first()?,
        median_ns: rank(50),
        p95_ns: rank(95),
        max_ns: *sorted.last()?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::quantiles;

    #[test]
    fn quantiles_are_nearest_ranks() {
        assert_eq!(quantiles(&[]), None);
        let table: [(&[u64], [u64; 4]); 4] = [
            (&[7], [7, 7, 7, 7]),
            (&[1, 2], [1, 1, 2, 2]),
            (&[1, 2, 3], [1, 2, 3, 3]),
            (&[1, 2, 3, 4], [1, 2, 4, 4]),
        ];
        for (values, [min, median, p95, max]) in table {
            let got = quantiles(values).expect("values");
            assert_eq!(
                [got.min_ns, got.median_ns, got.p95_ns, got.max_ns],
                [min, median, p95, max]
            );
        }
        let hundred = (1..=100).collect::<Vec<u64>>();
        assert_eq!(
            quantiles(&hundred).map(|got| (got.median_ns, got.p95_ns)),
            Some((50, 95))
        );
    }
}
