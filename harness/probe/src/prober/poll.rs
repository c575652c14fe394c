//! Asking on a fixed grid of time until the first correct answer.

use probe::{Poll, PollEnd, Polled, Reply};

use super::ask::{self, Asked, End, Patience};
use super::lines::Lines;
use super::{Interruption, interruption};
use crate::sys::clock;
use crate::sys::files::{self, Event};

/// Longest wait for one answer: an application may listen long before it answers, and a connection
/// that waits in its queue sees its first byte exactly.
const ATTEMPT_NS: u64 = 5_000_000_000;
/// The end of a wait is slept by the clock, all before it by waiting for input.
const SLEPT_NS: u64 = 2_000_000;

/// Polls; answers when it is over.
pub(crate) fn poll(poll: &Poll, lines: &mut Lines) -> Reply {
    let began_ns = clock::monotonic_ns();
    let until_ns = began_ns.saturating_add(poll.deadline_ms.saturating_mul(1_000_000));
    let interval_ns = poll.interval_us.saturating_mul(1000);
    let mut polled = Polled {
        end: PollEnd::Timeout,
        ready_ns: None,
        connected_ns: None,
        first_byte_ns: None,
        began_ns,
        ended_ns: 0,
        polls: 0,
        refused: 0,
        wrong: 0,
        late_ns_max: 0,
        last_error: None,
    };
    loop {
        let patience = Patience {
            until_ns: until_ns.min(clock::monotonic_ns().saturating_add(ATTEMPT_NS)),
            interrupt: files::stdin(),
        };
        let asked = ask::ask(&poll.question, patience);
        if let Some(end) = count(&mut polled, asked).or_else(|| heard(lines)) {
            polled.end = end;
            break;
        }
        let now = clock::monotonic_ns();
        let due = began_ns.saturating_add((now - began_ns) / interval_ns * interval_ns);
        let due = due.saturating_add(interval_ns);
        if due >= until_ns {
            // No attempt falls before the deadline; it is waited for, so that the time is used.
            if let Some(end) = pause(until_ns, lines) {
                polled.end = end;
            }
            break;
        }
        if let Some(end) = pause(due, lines) {
            polled.end = end;
            break;
        }
        let late_ns = clock::monotonic_ns().saturating_sub(due);
        polled.late_ns_max = polled.late_ns_max.max(late_ns);
    }
    polled.ended_ns = clock::monotonic_ns();
    Reply::Polled(polled)
}

/// Counts an attempt; the end of the poll if it was the one.
fn count(polled: &mut Polled, asked: Asked) -> Option<PollEnd> {
    match asked.end {
        End::Interrupted => return None,
        End::Right => {
            polled.connected_ns = asked.connected_ns;
            polled.first_byte_ns = asked.first_byte_ns;
            polled.ready_ns = asked.first_byte_ns.or(asked.connected_ns);
            polled.polls += 1;
            return Some(PollEnd::Ready);
        }
        End::Refused(why) => {
            polled.refused += 1;
            polled.last_error = Some(why);
        }
        End::Wrong(why) => {
            polled.wrong += 1;
            polled.last_error = Some(why);
        }
    }
    polled.polls += 1;
    None
}

fn heard(lines: &mut Lines) -> Option<PollEnd> {
    match interruption(lines) {
        Interruption::Cancel => Some(PollEnd::Cancelled),
        Interruption::GoOn => None,
    }
}

/// Waits until `due`, hearing commands meanwhile.
fn pause(due: u64, lines: &mut Lines) -> Option<PollEnd> {
    loop {
        let listen_until = due.saturating_sub(SLEPT_NS);
        if clock::monotonic_ns() >= listen_until {
            break;
        }
        match files::wait(&[(files::stdin(), Event::Readable)], Some(listen_until)) {
            Ok(Some(_)) => {
                if let Some(end) = heard(lines) {
                    return Some(end);
                }
            }
            Ok(None) | Err(_) => break,
        }
    }
    clock::sleep_until(due);
    heard(lines)
}
