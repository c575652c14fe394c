//! What a cluster says of the pods of a namespace: one watch for a whole session, taken up again
//! after every end, and waiting on what it has shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backon::ExponentialBuilder;
use engine::Exit;
use engine::clock::Clock;
use engine::wait::{Deadline, Poll};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::utils::ResetTimerBackoff;
use kube::runtime::watcher::ExponentialBackoff;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use model::RunId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::names::LABEL;
use super::pace::pace;
use super::state;

/// The pods of a namespace as last seen.
pub(crate) struct Pods {
    seen: Arc<Mutex<Seen>>,
    changes: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    pods: BTreeMap<String, Pod>,
    /// How the measured containers of pods that are gone ended, as far as it was said: a pod may go
    /// between two looks.
    departed: BTreeMap<String, Option<Exit>>,
    /// Why the watch last ended.
    fault: Option<String>,
}

impl Seen {
    /// A pod is gone; this is the last of it.
    fn depart(&mut self, last: &Pod) {
        let name = last.name_any();
        let known = self.pods.remove(&name);
        let exit = state::ended(last).or_else(|| known.as_ref().and_then(state::ended));
        self.departed.insert(name, exit);
    }
}

impl Pods {
    /// Begins to watch the pods of a run.
    pub(crate) fn watch(api: Api<Pod>, run: &RunId) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (sender, changes) = watch::channel(0);
        let task = tokio::spawn(follow(api, format!("{LABEL}={run}"), seen.clone(), sender));
        Self {
            seen,
            changes,
            task,
        }
    }

    /// A pod as last seen.
    pub(crate) fn get(&self, name: &str) -> Option<Pod> {
        self.with(|seen| seen.pods.get(name).cloned())
    }

    /// Waits until `look` is content with a pod, or says that it never will be.
    pub(crate) async fn until<T>(
        &self,
        clock: Clock,
        name: &str,
        limit: Duration,
        look: impl Fn(Option<&Pod>) -> Poll<T>,
    ) -> Result<T, Waited> {
        self.wait(clock, limit, |seen| look(seen.pods.get(name)))
            .await
    }

    /// Waits until the measured container of a pod that was seen has ended. The pod may be gone by
    /// then; nothing when all that was said of it came before its end (between two looks, or before
    /// a watch that had to begin anew).
    pub(crate) async fn end(
        &self,
        clock: Clock,
        name: &str,
        limit: Duration,
    ) -> Result<Option<Exit>, Waited> {
        let look = |seen: &Seen| match seen.pods.get(name) {
            None => Poll::Ready(seen.departed.get(name).copied().flatten()),
            Some(pod) => state::await_end(pod),
        };
        self.wait(clock, limit, look).await
    }

    async fn wait<T>(
        &self,
        clock: Clock,
        limit: Duration,
        look: impl Fn(&Seen) -> Poll<T>,
    ) -> Result<T, Waited> {
        let deadline = Deadline::after(clock, limit);
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            let last = match self.with(&look) {
                Poll::Ready(value) => return Ok(value),
                Poll::Failed(why) => return Err(Waited::Failed(why)),
                Poll::NotYet(status) => status,
            };
            let changed = tokio::time::timeout(deadline.left(clock), changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                let fault = self.with(|seen| seen.fault.clone());
                let fault = fault.map_or_else(String::new, |why| format!("; the watch: {why}"));
                return Err(Waited::Late(format!(
                    "not within {} ms; last: {last}{fault}",
                    limit.as_millis()
                )));
            }
        }
    }

    fn with<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        // A holder that panicked left whole pods behind all the same.
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        look(&seen)
    }
}

impl Drop for Pods {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A wait that ended without what was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Waited {
    /// It can no longer come.
    Failed(String),
    /// It did not come in time; the last words.
    Late(String),
}

impl Waited {
    /// What happened.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Failed(why) | Self::Late(why) => why,
        }
    }
}

/// Pauses before the watch is taken up again: as before a call, longer each time, and as at first after
/// a time without an error.
fn pauses() -> ResetTimerBackoff<ExponentialBackoff> {
    let pace = pace();
    let longer = ExponentialBuilder::default()
        .with_min_delay(pace.pause)
        .with_max_delay(pace.answer)
        .with_jitter()
        .without_max_times();
    ResetTimerBackoff::new(longer.into(), pace.placed)
}

/// Follows the watch for ever: the stream lists anew after an end, an expired version or an error.
async fn follow(
    api: Api<Pod>,
    labels: String,
    seen: Arc<Mutex<Seen>>,
    changes: watch::Sender<u64>,
) {
    let mut events = watcher(api, watcher::Config::default().labels(&labels))
        .backoff(pauses())
        .boxed();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    while let Some(event) = events.next().await {
        if let Ok(mut seen) = seen.lock() {
            match event {
                Ok(watcher::Event::Apply(pod)) => {
                    seen.pods.insert(pod.name_any(), pod);
                }
                Ok(watcher::Event::Delete(pod)) => {
                    seen.depart(&pod);
                }
                Ok(watcher::Event::Init) => listed.clear(),
                Ok(watcher::Event::InitApply(pod)) => {
                    listed.insert(pod.name_any());
                    seen.pods.insert(pod.name_any(), pod);
                }
                Ok(watcher::Event::InitDone) => {
                    let gone = seen
                        .pods
                        .values()
                        .filter(|pod| !listed.contains(&pod.name_any()));
                    for pod in gone.cloned().collect::<Vec<_>>() {
                        seen.depart(&pod);
                    }
                    seen.fault = None;
                }
                Err(error) => seen.fault = Some(error.to_string()),
            }
        }
        changes.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(state: &Value) -> Pod {
        let status = json!({"name": "subject", "state": state, "image": "i", "imageID": "i",
                            "ready": true, "restartCount": 0});
        let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": []},
                         "status": {"containerStatuses": [status]}});
        serde_json::from_value(pod).unwrap()
    }

    #[test]
    fn a_pod_that_went_between_two_looks_has_told_its_end() {
        let (runs, ended) = (
            json!({"running": {}}),
            json!({"terminated": {"exitCode": 3}}),
        );
        for (known, last, told) in [
            (&runs, &ended, Some(Exit::Code(3))),
            (&ended, &runs, Some(Exit::Code(3))),
            (&runs, &runs, None),
        ] {
            let mut seen = Seen::default();
            seen.pods.insert("p".to_owned(), pod(known));
            seen.depart(&pod(last));
            assert!(seen.pods.is_empty());
            assert_eq!(seen.departed.get("p"), Some(&told));
        }
    }
}
