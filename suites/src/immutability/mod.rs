//! Immutability: does what runs stay what was certified, and can nobody change it?
//!
//! Existing certifiers read a field of a manifest. Here a property is shown four ways: declared by
//! the image, effective in the kernel, behaving so when tried, and stable under load.

mod admission;
mod compare;
mod findings;
mod judge;
mod observe;
mod running;
mod statics;

use async_trait::async_trait;
use engine::{Judgement, Judging, ObserveError, Observing, Suite};
use model::{CheckInfo, PlannedCell, Profile};

/// The suite.
pub(crate) struct Immutability;

/// The check that needs a slice manifest; the plan leaves it out for existing images.
pub const OWNED_CHECK: &str = statics::OWNED.id;

/// Whether a check has a meaning only where a cluster admits and runs images.
pub fn is_of_clusters(check: &str) -> bool {
    admission::CHECKS.iter().any(|(info, _)| info.id == check)
}

/// Whether a check looks into a running container.
pub(crate) fn looks_into_containers(check: &str) -> bool {
    running::CHECKS.iter().any(|(info, _)| info.id == check)
}

/// Whether something of a cell is to be seen in a running container.
fn is_looked_into(cell: &PlannedCell) -> bool {
    let mut asked = cell
        .checks
        .iter()
        .filter(|check| check.inapplicable.is_none());
    asked.any(|check| looks_into_containers(check.id.as_str()))
}

#[async_trait]
impl Suite for Immutability {
    fn name(&self) -> &'static str {
        "immutability"
    }

    fn question(&self) -> &'static str {
        "Can anything in it be changed, or turned into something else, while it runs?"
    }

    fn checks(&self) -> Vec<&'static CheckInfo> {
        let statics = statics::CHECKS.iter().map(|(info, _)| *info);
        statics
            .chain(running::CHECKS.iter().map(|(info, _)| *info))
            .chain(admission::CHECKS.iter().map(|(info, _)| *info))
            .collect()
    }

    fn explain(&self, profile: &Profile) -> Vec<String> {
        let plan = &profile.immutability;
        vec![
            "Static: all layers are read and merged as every runtime would merge them; shells, \
             interpreters, package managers, setuid bits, capabilities and writable code are \
             looked for by identity, not only by name, and every path is compared with the cut's \
             listing."
                .to_owned(),
            "Kernel truth: user, capabilities, privileges, system call filter and mounts are read \
             from /proc about the running container, not from its configuration."
                .to_owned(),
            format!(
                "Behaviour: with the container's own user, namespaces and filter a static probe \
                 tries to execute shells and interpreters, to write in every directory, to open \
                 code for writing, to run a dropped program and to become root. The root is listed \
                 with digests before and after {} ms of load on {} connections and compared with \
                 the certified image. Counts of what was tried stand beside each result, so that \
                 none found is not none tried.",
                plan.load_ms, plan.load_connections
            ),
            "On Kubernetes the same probe is started inside the container by the cluster, with the              container's own user and rights and no more, from a read-only volume that is the only              thing added to the pod beside the prober. The pod runs in a namespace in which the              cluster enforces the Pod Security Standard `restricted`, after a pod that it must              refuse was refused."
                .to_owned(),
        ]
    }

    fn is_timed(&self) -> bool {
        false
    }

    fn self_comparisons(&self) -> u32 {
        0
    }

    async fn observe(&self, observing: &Observing<'_>) -> Result<(), ObserveError> {
        observe::observe(observing).await
    }

    fn invalid(&self, _: &Judging<'_>) -> Option<String> {
        None
    }

    fn judge(&self, judging: &Judging<'_>) -> Judgement {
        judge::judge(judging)
    }
}
