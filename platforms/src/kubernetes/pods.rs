//! What a cluster says of the pods of a namespace: one watch for a whole session, taken up again
//! after every end, and waiting on what it has shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::clock::Clock;
use engine::wait::{Deadline, Poll};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use model::RunId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::names::LABEL;

/// The pods of a namespace as last seen.
pub(crate) struct Pods {
    seen: Arc<Mutex<Seen>>,
    changes: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    pods: BTreeMap<String, Pod>,
    /// Why the watch last ended.
    fault: Option<String>,
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
        let deadline = Deadline::after(clock, limit);
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            let last = match self.with(|seen| look(seen.pods.get(name))) {
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

/// Follows the watch for ever: the stream lists anew after an end, an expired version or an error.
async fn follow(
    api: Api<Pod>,
    labels: String,
    seen: Arc<Mutex<Seen>>,
    changes: watch::Sender<u64>,
) {
    let mut events = watcher(api, watcher::Config::default().labels(&labels))
        .default_backoff()
        .boxed();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    while let Some(event) = events.next().await {
        if let Ok(mut seen) = seen.lock() {
            match event {
                Ok(watcher::Event::Apply(pod)) => {
                    seen.pods.insert(pod.name_any(), pod);
                }
                Ok(watcher::Event::Delete(pod)) => {
                    seen.pods.remove(&pod.name_any());
                }
                Ok(watcher::Event::Init) => listed.clear(),
                Ok(watcher::Event::InitApply(pod)) => {
                    listed.insert(pod.name_any());
                    seen.pods.insert(pod.name_any(), pod);
                }
                Ok(watcher::Event::InitDone) => {
                    seen.pods.retain(|name, _| listed.contains(name));
                    seen.fault = None;
                }
                Err(error) => seen.fault = Some(error.to_string()),
            }
        }
        changes.send_modify(|count| *count += 1);
    }
}
