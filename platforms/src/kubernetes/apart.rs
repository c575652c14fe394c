//! Attempts by the first process of a container of its own.
//!
//! Some runtimes put the container's system call filter on its first process and not on what a
//! cluster starts in the running container (youki 0.7 is one). What such a program may do says
//! nothing of what the image may do, and a filter can be copied by nobody without rights over the
//! node. So the calls are tried anew where the filter is: by the first process of another container
//! of the same image with the same rights.

use engine::wait::Poll;
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use probe::{Attempts, SeccompCarried};

use super::call;
use super::container::PodContainer;
use super::names::SUBJECT;
use super::pace::pace;
use super::state::{self, Start};
use super::{removal, wanted};

/// Only the calls: paths do not depend on a filter.
const REQUEST: &str = r#"{"execute":[],"walk":false}"#;

impl PodContainer {
    /// The attempts with calls that were tried under the container's filter, if it can be had so.
    pub(crate) async fn filtered(&self, mut attempts: Attempts) -> Attempts {
        let SeccompCarried::NotCopied(why) = &attempts.identity.seccomp else {
            return attempts;
        };
        match self.apart().await {
            Ok((calls, count)) => {
                attempts.calls = calls;
                attempts.identity.seccomp = SeccompCarried::Apart(count);
            }
            Err(error) => {
                let both = format!("{why}; and in a container of its own: {error}");
                attempts.identity.seccomp = SeccompCarried::NotCopied(both);
            }
        }
        attempts
    }

    /// The calls as tried in a pod that is made for them, and under how many filters.
    async fn apart(&self) -> Result<(probe::Calls, u32), String> {
        let name = format!("{}-apart", self.name);
        let pod = wanted::apart(&self.ground, &name, &self.reference, &self.recipe, REQUEST);
        let pod = pod.map_err(|error| error.to_string())?;
        self.alive.note(&name);
        let told = self.told_apart(&name, &pod).await;
        let grace = Some(removal::SHORTEST_GRACE_S);
        let removed = removal::remove(self.clock, &self.api, &self.pods, &name, grace).await;
        if removed.is_ok() {
            self.alive.forget(&name);
        }
        let attempts = told?;
        removed.map_err(|error| error.to_string())?;
        match attempts.identity.seccomp {
            SeccompCarried::Inherited(count) => Ok((attempts.calls, count)),
            other => Err(format!("it is not under its own filter: {other:?}")),
        }
    }

    async fn told_apart(&self, name: &str, pod: &Pod) -> Result<Attempts, String> {
        let created = call::create(self.clock, "create the pod", &self.api, pod).await;
        created.map_err(|error| error.to_string())?;
        let (node, digests) = (&self.ground.node, &self.reference.digests);
        let look = |pod: Option<&Pod>| match pod.map(|pod| (pod, state::start(pod, &[SUBJECT]))) {
            None => Poll::NotYet("the watch has not shown it".to_owned()),
            Some((pod, Start::Ended(..))) => match state::impostor(pod, SUBJECT, node, digests) {
                Some(why) => Poll::Failed(why),
                None => Poll::Ready(()),
            },
            Some((_, Start::Stuck(why))) => Poll::Failed(why),
            Some((pod, Start::Waiting(_) | Start::Running)) => Poll::NotYet(state::last_words(pod)),
        };
        let limit = pace().placed + pace().document;
        let ended = self.pods.until(self.clock, name, limit, look).await;
        ended.map_err(|why| format!("pod {name}: {}", why.words()))?;
        let wanted = LogParams {
            container: Some(SUBJECT.to_owned()),
            ..LogParams::default()
        };
        let log = call::insist(self.clock, "read the log", || self.api.logs(name, &wanted)).await;
        let log = log.map_err(|error| error.to_string())?;
        serde_json::from_str(&log)
            .map_err(|error| format!("no document: {error}; `{}`", log.trim()))
    }
}
