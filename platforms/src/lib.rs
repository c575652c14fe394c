//! Platforms: where containers run. One file per member, one line here.
//!
//! Only this crate talks to runtimes, daemons and clusters. It names no suite.

mod apart;
mod archive;
mod ask;
mod calling;
mod canonical_k8s;
mod closing;
mod configured;
mod containerd;
mod daemon;
mod identity;
mod kind;
mod kubernetes;
mod microk8s;
mod named;
mod oci;
mod probe_image;
mod prober;
mod runtime;
pub mod sim;
mod snap;
#[cfg(test)]
mod standin;
mod unready;

use engine::Platform;
use model::RunId;

pub use daemon::{SaveError, SavedImage, save_image};
pub use named::with_own_names;
pub use runtime::once::{Once, OnceError, Ran, objects, run_once};

/// Every platform, in the order of reports.
pub static PLATFORMS: &[&dyn Platform] = &[
    &oci::OCI,
    &oci::OCI_RUNC,
    &oci::OCI_CRUN,
    &oci::OCI_YOUKI,
    &daemon::DOCKER,
    &daemon::PODMAN,
    &kind::KIND,
    &microk8s::MICROK8S,
    &canonical_k8s::CANONICAL_K8S,
    &configured::KUBERNETES,
    &sim::SIM,
];

/// Removes an object that a killed run announced; says what was done, or why it is still there.
pub fn sweep(run: &RunId, kind: &str, name: &str) -> Result<String, String> {
    match kind {
        "daemon" => daemon::remove(run, name),
        "kind" => kind::remove(run, name),
        "cluster" => configured::remove(run, name),
        "microk8s" => snap::remove(&microk8s::MICROK8S.0, run, name),
        "canonical-k8s" => snap::remove(&canonical_k8s::CANONICAL_K8S.0, run, name),
        _ => runtime::sweep::remove(run, kind, name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PLATFORMS;

    #[test]
    fn names_are_slugs_and_unique() {
        let mut seen = BTreeSet::new();
        for platform in PLATFORMS {
            assert!(model::PlatformName::new(platform.name()).is_ok());
            assert!(seen.insert(platform.name()));
            assert!(!platform.summary().is_empty());
        }
    }
}
