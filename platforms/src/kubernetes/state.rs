//! What a pod's status means: pure reading.

use engine::Exit;
use engine::wait::Poll;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};

use super::names::{PROBER, SUBJECT};

/// Reasons of a pod that failed by the cluster's doing.
const CLUSTERS_DOING: [&str; 9] = [
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "NodeShutdown",
    "OutOfcpu",
    "OutOfmemory",
    "OutOfpods",
    "Preempting",
    "UnexpectedAdmissionError",
];
/// Reasons of a container that waits in vain.
const VAIN: [&str; 6] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
];

/// How far the start of a pod is, as the cluster says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing of the subject ran yet; the cluster's last words.
    Waiting(String),
    /// The subject runs.
    Running,
    /// The subject ended.
    Ended(Exit, String),
    /// The cluster will not start it.
    Stuck(String),
}

/// Reads how far a pod is; it runs when all of `subjects` do.
pub(crate) fn start<S: AsRef<str>>(pod: &Pod, subjects: &[S]) -> Start {
    if let Some(why) = failed_by_cluster(pod) {
        return Start::Stuck(why);
    }
    let each = || subjects.iter().map(|name| container(pod, name.as_ref()));
    if let Some(ended) = each().find_map(|status| status.and_then(terminated)) {
        if ended.reason.as_deref() == Some("StartError") {
            let message = ended.message.clone().unwrap_or_default();
            return Start::Stuck(format!("the runtime could not start it: {message}"));
        }
        return Start::Ended(exit(ended), told(ended));
    }
    for status in statuses(pod) {
        let waiting = status
            .state
            .as_ref()
            .and_then(|state| state.waiting.as_ref());
        let Some(waiting) = waiting else { continue };
        let reason = waiting.reason.as_deref().unwrap_or_default();
        if VAIN.contains(&reason) {
            let message = waiting.message.as_deref().unwrap_or_default();
            return Start::Stuck(format!("container {}: {reason}: {message}", status.name));
        }
    }
    if let Some(ended) = container(pod, PROBER).and_then(terminated) {
        return Start::Stuck(format!("the prober ended: {}", told(ended)));
    }
    if each().all(|status| status.is_some_and(is_running)) {
        return Start::Running;
    }
    Start::Waiting(last_words(pod))
}

/// A pod that the cluster took away, with its words.
fn failed_by_cluster(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.as_deref().unwrap_or_default();
    let message = status.message.as_deref().unwrap_or_default();
    if CLUSTERS_DOING.contains(&reason) {
        return Some(format!("{reason}: {message}"));
    }
    let conditions = status.conditions.iter().flatten();
    let mut disrupted = conditions
        .filter(|condition| condition.type_ == "DisruptionTarget" && condition.status == "True");
    let disrupted = disrupted.next()?;
    let reason = disrupted.reason.as_deref().unwrap_or_default();
    let message = disrupted.message.as_deref().unwrap_or_default();
    Some(format!("{reason}: {message}"))
}

/// What the cluster last said of a pod that has not started.
pub(crate) fn last_words(pod: &Pod) -> String {
    let status = pod.status.as_ref();
    let phase = status
        .and_then(|status| status.phase.as_deref())
        .unwrap_or("no phase yet");
    let conditions = status
        .into_iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let refused = conditions
        .filter(|condition| condition.status == "False")
        .find_map(|condition| {
            let message = condition.message.as_deref()?;
            let reason = condition.reason.as_deref().unwrap_or_default();
            Some(format!("{reason}: {message}"))
        });
    let waiting = statuses(pod).find_map(|status| {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.as_deref()?;
        let message = waiting.message.as_deref().unwrap_or_default();
        Some(format!("container {}: {reason} {message}", status.name))
    });
    let said: Vec<String> = refused.into_iter().chain(waiting).collect();
    if said.is_empty() {
        phase.to_owned()
    } else {
        format!("{phase}: {}", said.join("; "))
    }
}

/// The status of a container by its name.
pub(crate) fn container<'a>(pod: &'a Pod, name: &str) -> Option<&'a ContainerStatus> {
    statuses(pod).find(|status| status.name == name)
}

/// Whether the subject runs.
pub(crate) fn is_subject_running(pod: &Pod) -> bool {
    container(pod, SUBJECT).is_some_and(is_running)
}

/// How the subject ended, if it has.
pub(crate) fn ended(pod: &Pod) -> Option<Exit> {
    container(pod, SUBJECT).and_then(terminated).map(exit)
}

/// Ready once the subject has ended.
pub(crate) fn await_end(pod: &Pod) -> Poll<Option<Exit>> {
    match ended(pod) {
        Some(exit) => Poll::Ready(Some(exit)),
        None => Poll::NotYet(last_words(pod)),
    }
}

/// Ready once the pod is gone.
pub(crate) fn await_gone(pod: Option<&Pod>) -> Poll<()> {
    let Some(pod) = pod else {
        return Poll::Ready(());
    };
    let held = pod
        .metadata
        .finalizers
        .iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>();
    if held.is_empty() {
        Poll::NotYet(format!("{} still there", last_words(pod)))
    } else {
        Poll::NotYet(format!(
            "still there, held by finalizer {}",
            held.join(", ")
        ))
    }
}

/// Why the container `name` of a pod that became ready is no valid sample: it restarted, ran elsewhere, or ran something
/// else than one of the digests of `wanted`.
pub(crate) fn impostor(pod: &Pod, name: &str, node: &str, wanted: &[String]) -> Option<String> {
    let ran_on = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.node_name.as_deref())
        .unwrap_or("no node");
    if ran_on != node {
        return Some(format!(
            "it ran on {ran_on} and not on the planned node {node}"
        ));
    }
    let Some(status) = container(pod, name) else {
        return Some("the cluster says nothing of its container".to_owned());
    };
    if status.restart_count != 0 {
        return Some(format!("it restarted {} time(s)", status.restart_count));
    }
    let digest = status
        .image_id
        .rsplit_once('@')
        .map_or(status.image_id.as_str(), |(_, one)| one);
    if !wanted.iter().any(|one| one == digest) {
        return Some(format!(
            "it ran {} instead of {}",
            status.image_id,
            wanted.join(" or ")
        ));
    }
    None
}

fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let kinds = status.map(|status| [&status.init_container_statuses, &status.container_statuses]);
    kinds
        .into_iter()
        .flatten()
        .flat_map(|list| list.iter().flatten())
}

fn is_running(status: &ContainerStatus) -> bool {
    let state = status.state.as_ref();
    state.is_some_and(|state: &ContainerState| state.running.is_some())
}

fn terminated(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    status.state.as_ref()?.terminated.as_ref()
}

/// The kubelet tells an end by a signal as 128 and the signal's number.
fn exit(ended: &ContainerStateTerminated) -> Exit {
    match (ended.signal, ended.exit_code) {
        (Some(signal), _) if signal > 0 => Exit::Signal(signal),
        (_, code @ 129..=192) => Exit::Signal(code - 128),
        (_, code) => Exit::Code(code),
    }
}

fn told(ended: &ContainerStateTerminated) -> String {
    let reason = ended.reason.as_deref().unwrap_or("no reason");
    let message = ended.message.as_deref().unwrap_or_default();
    let text = format!("status {}, {reason} {message}", ended.exit_code);
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn start(pod: &Pod) -> Start {
        super::start(pod, &[SUBJECT])
    }

    fn pod(status: Value) -> Pod {
        let pod = json!({"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": []},
                         "status": status});
        serde_json::from_value(pod).unwrap()
    }

    /// A container's status; what the kubelet always writes is filled in.
    fn container_in(name: &str, state: &Value) -> Value {
        json!({"name": name, "state": state, "image": "i", "imageID": "r@sha256:aa", "ready": true,
               "restartCount": 0})
    }

    fn of(prober: &Value, subject: &Value) -> Pod {
        pod(json!({
            "phase": "Pending",
            "initContainerStatuses": [container_in(PROBER, prober)],
            "containerStatuses": [container_in(SUBJECT, subject)],
        }))
    }

    fn waiting(reason: &str) -> Value {
        json!({"waiting": {"reason": reason, "message": "the kubelet's words"}})
    }

    fn ended(code: i32, reason: &str) -> Value {
        json!({"terminated": {"exitCode": code, "reason": reason, "message": "words"}})
    }

    fn stuck_by(pod: &Pod) -> String {
        match start(pod) {
            Start::Stuck(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_start_goes_from_waiting_to_running_to_its_end() {
        let running = json!({"running": {}});
        let begins = of(&waiting("PodInitializing"), &waiting("PodInitializing"));
        assert!(matches!(start(&begins), Start::Waiting(_)));
        let prober_alone = of(&running, &waiting("PodInitializing"));
        assert!(matches!(start(&prober_alone), Start::Waiting(_)));
        assert_eq!(start(&of(&running, &running)), Start::Running);
        let failed = of(&running, &ended(9, "Error"));
        assert!(
            matches!(start(&failed), Start::Ended(Exit::Code(9), why) if why.contains("words"))
        );
        let killed = of(&running, &ended(137, "OOMKilled"));
        assert!(
            matches!(start(&killed), Start::Ended(Exit::Signal(9), why) if why.contains("OOMKilled"))
        );
    }

    #[test]
    fn the_clusters_doing_is_never_the_images() {
        let running = json!({"running": {}});
        for reason in VAIN {
            let why = stuck_by(&of(&running, &waiting(reason)));
            assert!(
                why.contains(reason) && why.contains("the kubelet's words"),
                "{why}"
            );
            // The image of the prober as well.
            stuck_by(&of(&waiting(reason), &waiting("PodInitializing")));
        }
        for reason in CLUSTERS_DOING {
            let gone = pod(
                json!({"phase": "Failed", "reason": reason, "message": "low on it",
                "containerStatuses": [container_in(SUBJECT, &ended(137, "Error"))]}),
            );
            assert!(stuck_by(&gone).contains("low on it"));
        }
        let disrupted = pod(
            json!({"phase": "Running", "conditions": [{"type": "DisruptionTarget",
            "status": "True", "reason": "EvictionByEvictionAPI", "message": "drained"}]}),
        );
        assert!(stuck_by(&disrupted).contains("drained"));
        stuck_by(&of(&running, &ended(128, "StartError")));
        stuck_by(&of(&ended(1, "Error"), &waiting("PodInitializing")));
    }

    #[test]
    fn what_waits_is_told_in_the_clusters_words() {
        let unschedulable = pod(
            json!({"phase": "Pending", "conditions": [{"type": "PodScheduled",
            "status": "False", "reason": "Unschedulable", "message": "0/2 nodes are available"}]}),
        );
        let Start::Waiting(last) = start(&unschedulable) else {
            panic!("not waiting");
        };
        assert!(
            last.contains("Unschedulable: 0/2 nodes are available"),
            "{last}"
        );
        let mut held = unschedulable;
        held.metadata.finalizers = Some(vec!["example.invalid/hold".to_owned()]);
        assert!(
            matches!(await_gone(Some(&held)), Poll::NotYet(why) if why.contains("example.invalid/hold"))
        );
        assert!(matches!(await_gone(None), Poll::Ready(())));
        assert!(matches!(await_end(&held), Poll::NotYet(_)));
    }

    #[test]
    fn an_impostor_is_found() {
        let running = json!({"running": {}});
        let wanted = ["sha256:aa".to_owned(), "sha256:bb".to_owned()];
        let good = of(&running, &running);
        assert_eq!(impostor(&good, SUBJECT, "n", &wanted), None);
        assert!(
            impostor(&good, SUBJECT, "other", &wanted)
                .unwrap()
                .contains("planned node")
        );
        assert!(
            impostor(&good, SUBJECT, "n", &wanted[1..])
                .unwrap()
                .contains("instead of")
        );
        let by_configuration = pod(json!({"containerStatuses": [{"name": SUBJECT, "image": "i",
            "imageID": "sha256:bb", "ready": true, "restartCount": 0}]}));
        assert_eq!(impostor(&by_configuration, SUBJECT, "n", &wanted), None);
        let restarted = pod(json!({"containerStatuses": [{"name": SUBJECT, "image": "i",
            "imageID": "sha256:bb", "ready": true, "restartCount": 2}]}));
        assert!(
            impostor(&restarted, SUBJECT, "n", &wanted)
                .unwrap()
                .contains("2 time(s)")
        );
        assert!(impostor(&pod(json!({})), SUBJECT, "n", &wanted).is_some());
    }
}
