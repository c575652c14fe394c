//! What a run makes in a cluster, as the ledger names it, so that a sweep finds it again.

use engine::clock::Clock;
use model::{ClusterSettings, RunId};

use super::cluster::Cluster;
use super::{names, sweep};

/// What a run makes in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    /// The namespace of its own, with all in it.
    Namespace,
    /// Its pods, in a namespace that stays.
    PodsIn(String),
}

impl Object {
    /// What a run with these settings makes.
    pub(crate) fn of(settings: &ClusterSettings) -> Self {
        let namespace = settings.namespace.clone();
        namespace.map_or(Self::Namespace, Self::PodsIn)
    }

    /// Its name in the ledger. `place` says how the cluster is found again.
    pub(crate) fn name(&self, run: &RunId, place: &str) -> String {
        match self {
            Self::Namespace => format!("namespace {} in {place}", names::namespace(run)),
            Self::PodsIn(namespace) => {
                format!("pods of run {run} in namespace {namespace} in {place}")
            }
        }
    }

    /// What `name` says, and the place that begins with `places`; nothing unless it is of `run`.
    pub(crate) fn read(run: &RunId, name: &str, places: &str) -> Option<(Self, String)> {
        let (what, rest) = name.split_once(&format!(" in {places}"))?;
        let place = format!("{places}{rest}");
        let pods = what.rsplit_once(" in namespace ");
        let pods = pods.map(|(_, namespace)| Self::PodsIn(namespace.to_owned()));
        let object = pods.unwrap_or(Self::Namespace);
        (object.name(run, &place) == name).then_some((object, place))
    }

    /// Removes it, and waits until it is gone.
    pub(crate) async fn remove(&self, cluster: &Cluster, run: &RunId) -> Result<(), String> {
        let clock = Clock::system();
        match self {
            Self::Namespace => sweep::namespace(clock, cluster, &names::namespace(run)).await,
            Self::PodsIn(namespace) => sweep::pods(clock, cluster, namespace, run).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_those_of_others_are_not() {
        let run = RunId::new("20260101t000000z-abcd").unwrap();
        let stranger = RunId::new("20260101t000000z-ffff").unwrap();
        let place = "kind cluster c at unix:///x in y";
        for object in [Object::Namespace, Object::PodsIn("mine".to_owned())] {
            let name = object.name(&run, place);
            let read = Object::read(&run, &name, "kind cluster ");
            assert_eq!(read, Some((object, place.to_owned())));
            assert_eq!(Object::read(&stranger, &name, "kind cluster "), None);
            assert_eq!(Object::read(&run, &name, "cluster of "), None);
        }
        let system = "namespace kube-system in kind cluster c";
        assert_eq!(Object::read(&run, system, "kind cluster "), None);
    }
}
