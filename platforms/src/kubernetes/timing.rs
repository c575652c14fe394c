//! When what happened during a start. Everything is read from the node's own clocks afterwards.
//!
//! A timed start has two parts. From when the kubelet has the container prepared and asks for it to
//! be started, which is when the OCI runtime is called, to the first instruction: the cluster's part.
//! The image's part is timed apart, in the same container, when the cluster has finished its own
//! work: `probe repeat` stands in for the entrypoint and runs it again and again until its first
//! correct answer. In one go both would be timed in the middle of what kubelet, runtime and control
//! plane do at every start, which differs from start to start by more than images differ.

use std::time::Duration;

use engine::clock::MonotonicNs;
use engine::wait::Deadline;
use engine::{InPlaceStart, StartRequest, StartStamps};
use kube::api::LogParams;
use probe::{Polled, Question, Repeat, Repeated};

use super::call;
use super::events;
use super::names::SUBJECT;
use super::session::PodSession;
use super::starting::{millis, still_there};
use crate::unready::Unready;

/// How long the cluster is given to finish its own work for a container.
const HOLD: Duration = Duration::from_millis(400);
/// How long starts in place are begun, and how many there are at least and at most.
const STARTING: Duration = Duration::from_millis(900);
const LEAST: u32 = 5;
const MOST: u32 = 40;
/// How long after the last start can have begun the log is first looked at, and then again.
const LOOK: Duration = Duration::from_millis(150);
/// How much longer than all starts can take their line is awaited.
const LAST_WORD: Duration = Duration::from_secs(10);

/// The times of a start.
pub(crate) struct Times {
    pub(crate) stamps: StartStamps,
    pub(crate) in_place: Vec<InPlaceStart>,
    /// Why it is not timed, if it is not: such a start is rejected and counted, and ends nothing.
    pub(crate) untimed: Option<String>,
}

impl Times {
    /// Of a start that is not there yet.
    pub(crate) const fn none() -> Self {
        Self::ready_alone(MonotonicNs(0), MonotonicNs(0))
    }

    /// Of a start of which only readiness is known.
    pub(super) fn of_poll(polled: &Polled) -> Self {
        let ready = MonotonicNs(polled.ready_ns.unwrap_or_default());
        Self::ready_alone(MonotonicNs(polled.began_ns), ready)
    }

    const fn ready_alone(began: MonotonicNs, ready: MonotonicNs) -> Self {
        Self {
            stamps: StartStamps {
                requested: began,
                started: began,
                first_instruction: None,
                ready,
            },
            in_place: Vec::new(),
            untimed: None,
        }
    }
}

/// What `probe repeat` is told.
pub(super) fn wish(question: &Question, request: &StartRequest) -> serde_json::Result<String> {
    serde_json::to_string(&Repeat {
        question: question.clone(),
        hold_ms: millis(HOLD),
        least: LEAST,
        most: MOST,
        for_ms: millis(STARTING),
        deadline_ms: millis(request.ready_within),
    })
}

/// Waits for the line with all starts in place.
pub(super) async fn repeated(
    session: &PodSession,
    request: &StartRequest,
) -> Result<Repeated, Unready> {
    let name = request.name.as_str();
    let limit = HOLD + STARTING + request.ready_within * LEAST + LAST_WORD;
    let deadline = Deadline::after(session.clock, limit);
    let wanted = LogParams {
        container: Some(SUBJECT.to_owned()),
        tail_lines: Some(3),
        ..LogParams::default()
    };
    // Nothing is asked meanwhile: every question costs the node work.
    let mut pause = HOLD + STARTING + LOOK;
    loop {
        session.clock.sleep(pause).await;
        let log = call::insist(session.clock, "read the log", || {
            session.api.logs(name, &wanted)
        });
        let log = log.await?;
        if let Some(repeated) = log.lines().find_map(Repeated::from_line) {
            return match repeated.failed {
                Some(why) => Err(Unready::Image(why)),
                None => Ok(repeated),
            };
        }
        still_there(session, name)?;
        if deadline.passed(session.clock) {
            return Err(Unready::ours("the line with its starts did not come"));
        }
        pause = LOOK;
    }
}

/// The times of a start, on the node's monotonic clock.
pub(super) async fn of(session: &PodSession, name: &str, uid: &str, repeated: &Repeated) -> Times {
    let first = &repeated.first;
    let at = MonotonicNs(first.monotonic_ns);
    let kubelet = match events::times(session.clock, &session.events, name, uid).await {
        Ok(times) => times,
        Err(why) => {
            return Times {
                untimed: Some(why),
                ..Times::ready_alone(at, at)
            };
        }
    };
    // The probe reads both clocks at once; events are told on the node's real-time clock.
    let monotonic = |realtime_ns: u64| {
        let before = first.realtime_ns.saturating_sub(realtime_ns);
        let after = realtime_ns.saturating_sub(first.realtime_ns);
        MonotonicNs((first.monotonic_ns + after).saturating_sub(before))
    };
    let in_place: Vec<InPlaceStart> = repeated
        .starts
        .iter()
        .map(|start| InPlaceStart {
            exec: MonotonicNs(start.exec_ns),
            ready: MonotonicNs(start.ready_ns),
        })
        .collect();
    Times {
        stamps: StartStamps {
            requested: monotonic(kubelet.created_ns),
            started: monotonic(kubelet.started_ns),
            first_instruction: Some(at),
            ready: in_place.first().map_or(at, |start| start.ready),
        },
        in_place,
        untimed: None,
    }
}
