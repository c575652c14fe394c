//! When what happened during the starts of a lap. Everything is read from the node's own clocks
//! afterwards.
//!
//! A timed start has two parts. From when the kubelet has the container prepared and asks for it to
//! be started, which is when the OCI runtime is called, to the first instruction: the cluster's part.
//! The image's part is timed apart, in the same container, when the cluster has finished its own
//! work: `probe repeat` stands in for the entrypoint and runs it again and again until its first
//! correct answer, in turn with the pod's other containers. In one go both would be timed in the middle of what kubelet, runtime and control
//! plane do at every start, which differs from start to start by more than images differ.

use std::time::Duration;

use engine::clock::MonotonicNs;
use engine::wait::Deadline;
use engine::{InPlaceStart, InTurn, StartStamps};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use probe::{Question, Repeat, Repeated, Turn};

use super::call;
use super::events::KubeletTimes;
use super::names::TURNS;
use super::pace::pace;
use super::session::PodSession;
use super::starting::{self, millis};
use crate::unready::Unready;

/// How many starts in place there are at least and at most.
const LEAST: u32 = 5;
const MOST: u32 = 40;
/// How long after the last start can have begun the log is first looked at, and then again.
const LOOK: Duration = Duration::from_millis(150);

/// What `probe repeat` is told at a place of a lap.
pub(super) fn wish(
    question: Question,
    ready_within: Duration,
    place: usize,
    places: usize,
) -> serde_json::Result<String> {
    let number = |one: usize| u32::try_from(one).unwrap_or(u32::MAX);
    serde_json::to_string(&Repeat {
        question,
        hold_ms: millis(pace().hold),
        least: LEAST,
        most: MOST,
        for_ms: millis(pace().starting * number(places)),
        deadline_ms: millis(ready_within),
        turn: Some(Turn {
            folder: TURNS.to_owned(),
            place: number(place),
            places: number(places),
        }),
    })
}

/// Waits for the lines with the starts of `places`; an error names the place whose doing it is.
pub(super) async fn repeated(
    session: &PodSession,
    pod: &str,
    places: &[String],
    ready_within: Duration,
) -> Result<Vec<Repeated>, (usize, Unready)> {
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let all = pace().hold + pace().starting * count;
    let limit = all + ready_within * LEAST * count + pace().last_word;
    let deadline = Deadline::after(session.clock, limit);
    // Nothing is asked meanwhile: every question costs the node work.
    let mut pause = all + LOOK;
    loop {
        session.clock.sleep(pause).await;
        let mut found = Vec::new();
        for (number, place) in places.iter().enumerate() {
            let line = line(session, pod, place).await;
            match line.map_err(|why| (number, why))? {
                Some(repeated) => found.push(repeated),
                // All of them end in one lap.
                None => break,
            }
        }
        if found.len() == places.len() {
            return all_well(found);
        }
        all_there(session.pods.get(pod).as_ref(), places)?;
        if deadline.passed(session.clock) {
            let why = Unready::ours("the line with its starts did not come");
            return Err((found.len(), why));
        }
        pause = LOOK;
    }
}

/// An error when a place ended, whose doing it then is; the others wait for it in vain.
fn all_there(pod: Option<&Pod>, places: &[String]) -> Result<(), (usize, Unready)> {
    for (number, place) in places.iter().enumerate() {
        starting::still_there(pod, place).map_err(|why| (number, why))?;
    }
    Ok(())
}

/// All starts, unless a place could not make its own.
fn all_well(found: Vec<Repeated>) -> Result<Vec<Repeated>, (usize, Unready)> {
    // Whoever waits for a place that failed is disturbed, so what failed is looked for first.
    for (number, one) in found.iter().enumerate() {
        if let Some(why) = &one.failed {
            return Err((number, Unready::Image(why.clone())));
        }
    }
    for (number, one) in found.iter().enumerate() {
        if let Some(why) = &one.disturbed {
            return Err((number, Unready::ours(why)));
        }
    }
    Ok(found)
}

/// The line of one place, if its log has it.
async fn line(session: &PodSession, pod: &str, place: &str) -> Result<Option<Repeated>, Unready> {
    let wanted = LogParams {
        container: Some(place.to_owned()),
        tail_lines: Some(3),
        ..LogParams::default()
    };
    let log = call::insist(session.clock, "read the log", || {
        session.api.logs(pod, &wanted)
    });
    Ok(log.await?.lines().find_map(Repeated::from_line))
}

/// What came of a place, on the node's monotonic clock.
pub(super) fn timed(kubelet: Result<KubeletTimes, String>, repeated: &Repeated) -> InTurn {
    let first = &repeated.first;
    let at = MonotonicNs(first.monotonic_ns);
    // The probe reads both clocks at once; events are told on the node's real-time clock.
    let monotonic = |realtime_ns: u64| {
        let before = first.realtime_ns.saturating_sub(realtime_ns);
        let after = realtime_ns.saturating_sub(first.realtime_ns);
        MonotonicNs((first.monotonic_ns + after).saturating_sub(before))
    };
    let starts: Vec<InPlaceStart> = repeated
        .starts
        .iter()
        .map(|start| InPlaceStart {
            exec: MonotonicNs(start.exec_ns),
            ready: MonotonicNs(start.ready_ns),
        })
        .collect();
    let (requested, started, rejected) = match kubelet {
        Ok(times) => (
            monotonic(times.created_ns),
            monotonic(times.started_ns),
            None,
        ),
        Err(why) => (at, at, Some(why)),
    };
    InTurn {
        stamps: StartStamps {
            requested,
            started,
            first_instruction: Some(at),
            ready: starts.first().map_or(at, |start| start.ready),
        },
        starts,
        rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(failed: Option<&str>, disturbed: Option<&str>) -> Repeated {
        Repeated {
            first: probe::Stamp {
                monotonic_ns: 1_000,
                realtime_ns: 5_000,
                boottime_ns: 0,
                pid: 1,
            },
            starts: vec![probe::InPlace {
                exec_ns: 2_000,
                ready_ns: 3_000,
            }],
            failed: failed.map(str::to_owned),
            disturbed: disturbed.map(str::to_owned),
        }
    }

    #[test]
    fn the_place_that_failed_is_blamed_and_not_those_that_waited_for_it() {
        let well = || repeated(None, None);
        assert!(all_well(vec![well(), well()]).is_ok());
        let failed = vec![
            repeated(None, Some("no turn")),
            repeated(Some("ended"), None),
        ];
        let (place, why) = all_well(failed).err().unwrap();
        assert!(matches!(why, Unready::Image(why) if why == "ended"));
        assert_eq!(place, 1);
        let (place, why) = all_well(vec![well(), repeated(None, Some("no turn"))])
            .err()
            .unwrap();
        assert!(matches!(why, Unready::Ours(why, _) if why == "no turn"));
        assert_eq!(place, 1);
    }

    #[test]
    fn the_place_that_ended_is_blamed_and_not_the_first_that_waits_for_it() {
        let status = |name: &str, state: serde_json::Value| {
            serde_json::json!({"name": name, "state": state, "image": "i", "imageID": "r@sha256:aa",
                "ready": true, "restartCount": 0})
        };
        let running = || serde_json::json!({"running": {}});
        let killed = serde_json::json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let pod = |second: serde_json::Value| -> Pod {
            serde_json::from_value(serde_json::json!({"metadata": {"name": "p"},
                "status": {"phase": "Running", "containerStatuses": [
                    status("place-0", running()), status("place-1", second)]}}))
            .unwrap()
        };
        let places = ["place-0".to_owned(), "place-1".to_owned()];
        assert!(all_there(Some(&pod(running())), &places).is_ok());
        let (place, why) = all_there(Some(&pod(killed)), &places).err().unwrap();
        assert!(matches!(why, Unready::Image(why) if why.contains("OOMKilled")));
        assert_eq!(place, 1);
        let (_, why) = all_there(None, &places).err().unwrap();
        assert!(matches!(why, Unready::Ours(..)));
    }

    #[test]
    fn the_kubelets_clock_is_told_on_the_probes() {
        let times = KubeletTimes {
            created_ns: 4_400,
            started_ns: 5_100,
        };
        let timed_well = timed(Ok(times), &repeated(None, None));
        let stamps = timed_well.stamps;
        assert_eq!((stamps.requested.0, stamps.started.0), (400, 1_100));
        assert_eq!(
            (stamps.first_instruction, stamps.ready.0),
            (Some(MonotonicNs(1_000)), 3_000)
        );
        assert_eq!(timed_well.rejected, None);
        let without = timed(Err("no event".to_owned()), &repeated(None, None));
        assert_eq!(without.rejected.as_deref(), Some("no event"));
    }
}
