//! Events of a pod: the only times below a second that a kubelet tells stand in their names.
//!
//! client-go names an event after its object and the moment: sixteen hexadecimal digits of
//! nanoseconds since the epoch. All other times of an event have whole seconds.

use std::time::Duration;

use engine::clock::Clock;
use engine::wait::Deadline;
use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::ListParams;

use super::call;
use super::pace::pace;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(40);

/// When the kubelet did what with the measured container: nanoseconds since the epoch on the
/// node's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KubeletTimes {
    /// It was prepared; the runtime is asked to start it next.
    pub(crate) created_ns: u64,
    /// The runtime had started it.
    pub(crate) started_ns: u64,
}

/// Reads them for each of `containers`, waiting for events that are still on their way; for one whose
/// events did not come, why it has none.
pub(crate) async fn times<S: AsRef<str>>(
    clock: Clock,
    api: &Api<Event>,
    (pod, uid): (&str, &str),
    containers: &[S],
) -> Result<Vec<Result<KubeletTimes, String>>, String> {
    let selector = format!("involvedObject.name={pod},involvedObject.uid={uid}");
    let wanted = ListParams::default().fields(&selector);
    let deadline = Deadline::after(clock, pace().events);
    loop {
        let listed = call::once("list the pod's events", api.list(&wanted)).await;
        let each: Vec<Result<KubeletTimes, String>> = match listed {
            Ok(listed) => {
                let of = |name: &S| read(&listed.items, name.as_ref());
                containers.iter().map(of).collect()
            }
            Err(error) if call::is_passing(&error) => {
                vec![Err(error.to_string()); containers.len()]
            }
            Err(error) => return Err(error.to_string()),
        };
        if deadline.passed(clock) || each.iter().all(Result::is_ok) {
            return Ok(each);
        }
        clock.sleep(PAUSE).await;
    }
}

/// Reads them from what is there.
fn read(events: &[Event], container: &str) -> Result<KubeletTimes, String> {
    let at = |reason: &str| {
        let path = format!("spec.containers{{{container}}}");
        let found: Vec<u64> = events
            .iter()
            .filter(|event| event.reason.as_deref() == Some(reason))
            .filter(|event| event.involved_object.field_path.as_ref() == Some(&path))
            .filter_map(|event| moment(event.metadata.name.as_deref()?))
            .collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(format!("the kubelet's event `{reason}` did not arrive")),
            several => Err(format!(
                "{} events `{reason}` of one container",
                several.len()
            )),
        }
    };
    let times = KubeletTimes {
        created_ns: at("Created")?,
        started_ns: at("Started")?,
    };
    if times.created_ns <= times.started_ns {
        return Ok(times);
    }
    Err(format!("the kubelet's events are out of order: {times:?}"))
}

/// The moment in an event's name.
fn moment(name: &str) -> Option<u64> {
    let (_, digits) = name.rsplit_once('.')?;
    (digits.len() == 16)
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, reason: &str, path: &str) -> Event {
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": name},
            "involvedObject": {"fieldPath": path},
            "reason": reason,
        }))
        .unwrap()
    }

    #[test]
    fn a_name_holds_its_moment() {
        assert_eq!(
            moment("f1.18ea9fa3c158726e"),
            Some(1_795_422_927_132_848_750)
        );
        for bad in [
            "f1",
            "f1.",
            "f1.18ea9fa3c158726",
            "f1.zzzzzzzzzzzzzzzz",
            "f1.018ea9fa3c158726e",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_whole_ordered_and_single_events_of_the_subject_count() {
        let own = "spec.containers{subject}";
        let [a, b] = ["p.18ea9fa3c1587260", "p.18ea9fa3c1587262"];
        let good = [event(a, "Created", own), event(b, "Started", own)];
        assert_eq!(
            read(&good, "subject").unwrap().started_ns,
            1_795_422_927_132_848_738
        );
        assert!(read(&good[..1], "subject").is_err());
        let twice = [&good[..], &[event(b, "Started", own)]].concat();
        assert!(
            read(&twice, "subject")
                .unwrap_err()
                .contains("2 events `Started`")
        );
        let other = [
            event(a, "Created", own),
            event(b, "Started", "spec.initContainers{prober}"),
        ];
        assert!(
            read(&other, "subject")
                .unwrap_err()
                .contains("did not arrive")
        );
        let swapped = [event(b, "Created", own), event(a, "Started", own)];
        assert!(
            read(&swapped, "subject")
                .unwrap_err()
                .contains("out of order")
        );
    }
}
