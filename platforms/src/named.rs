//! Names of the user's own for clusters: another cluster of a kind, or the same one used in another
//! way, as with another RuntimeClass.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::{ClusterSettings, PlatformFamily, PlatformName};

use crate::PLATFORMS;

/// A platform under another name.
struct Named {
    name: String,
    summary: String,
    like: &'static dyn Platform,
}

/// Every platform of this program, and after them those that `clusters` of a `certify.yaml` adds.
///
/// An error says which entry no platform would ever read.
pub fn with_own_names(
    clusters: &BTreeMap<String, ClusterSettings>,
) -> Result<Vec<&'static dyn Platform>, String> {
    let mut all = PLATFORMS.to_vec();
    for (name, settings) in clusters {
        let known = registered(name);
        match (&settings.like, known) {
            (None, Some(platform)) => {
                is_cluster(platform)?;
            }
            (None, None) => {
                return Err(format!(
                    "{name} is no platform ({}); a name of your own says which one it is `like`",
                    names()
                ));
            }
            (Some(_), Some(_)) => {
                return Err(format!(
                    "{name} is a platform itself, so it is `like` no other"
                ));
            }
            (Some(like), None) => all.push(own(name, like)?),
        }
        is_makable(name, settings)?;
    }
    Ok(all)
}

/// A cluster that is made for a run is one of kind, and no other one is named beside it.
fn is_makable(name: &str, settings: &ClusterSettings) -> Result<(), String> {
    if settings.create.is_none() {
        return Ok(());
    }
    if settings.like.as_deref().unwrap_or(name) != "kind" {
        return Err(format!(
            "{name}: `create` makes clusters of kind, and no others"
        ));
    }
    let others = [
        ("kubeconfig", &settings.kubeconfig),
        ("namespace", &settings.namespace),
        ("node", &settings.node),
    ];
    match others.iter().find(|(_, other)| other.is_some()) {
        None => Ok(()),
        Some((key, _)) => Err(format!(
            "{name}: `{key}` names what is there, and with `create` nothing is yet"
        )),
    }
}

fn own(name: &str, like: &str) -> Result<&'static dyn Platform, String> {
    PlatformName::new(name).map_err(|error| error.to_string())?;
    let like = registered(like)
        .ok_or_else(|| format!("{name} is like {like}, which is no platform ({})", names()))?;
    is_cluster(like)?;
    // A handful, made once, and as long-lived as the registry they stand beside.
    Ok(Box::leak(Box::new(Named {
        name: name.to_owned(),
        summary: format!("{}, as certify.yaml says", like.summary()),
        like,
    })))
}

fn registered(name: &str) -> Option<&'static dyn Platform> {
    PLATFORMS.iter().find(|one| one.name() == name).copied()
}

fn is_cluster(platform: &dyn Platform) -> Result<(), String> {
    if platform.family() == PlatformFamily::Kubernetes {
        return Ok(());
    }
    Err(format!("platform {} is no cluster", platform.name()))
}

fn names() -> String {
    let names: Vec<&str> = PLATFORMS.iter().map(|one| one.name()).collect();
    format!("known: {}", names.join(", "))
}

#[async_trait]
impl Platform for Named {
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn family(&self) -> PlatformFamily {
        self.like.family()
    }

    async fn detect(&self, around: &Surroundings) -> Detection {
        self.like.detect(around).await
    }

    fn rights(&self, namespace: &str) -> Option<String> {
        self.like.rights(namespace)
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        self.like.open(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, like: Option<&str>) -> Result<Vec<&'static dyn Platform>, String> {
        let settings = ClusterSettings {
            like: like.map(str::to_owned),
            ..ClusterSettings::default()
        };
        with_own_names(&BTreeMap::from([(name.to_owned(), settings)]))
    }

    #[test]
    fn a_name_of_ones_own_comes_last_and_is_of_its_kind() {
        let all = told("kind-crun", Some("kind")).unwrap();
        assert_eq!(all.len(), PLATFORMS.len() + 1);
        let own = all.last().unwrap();
        assert_eq!(own.name(), "kind-crun");
        assert_eq!(own.family(), PlatformFamily::Kubernetes);
        assert_eq!(told("kind", None).unwrap().len(), PLATFORMS.len());
    }

    #[test]
    fn only_kind_makes_clusters_and_it_makes_all_of_one() {
        let told = |name: &str, like: Option<&str>, node: Option<&str>| {
            let settings = ClusterSettings {
                like: like.map(str::to_owned),
                node: node.map(str::to_owned),
                create: Some(model::ClusterCreation::default()),
                ..ClusterSettings::default()
            };
            let clusters = BTreeMap::from([(name.to_owned(), settings)]);
            with_own_names(&clusters).map(drop)
        };
        told("kind", None, None).unwrap();
        told("fresh", Some("kind"), None).unwrap();
        let why = told("kubernetes", None, None).unwrap_err();
        assert!(why.contains("`create` makes clusters of kind"), "{why}");
        let why = told("fresh", Some("kind"), Some("worker")).unwrap_err();
        assert!(why.contains("`node` names what is there"), "{why}");
    }

    #[test]
    fn an_entry_that_nobody_would_read_is_refused() {
        for (name, like) in [
            ("east", None),
            ("docker", None),
            ("kind", Some("kubernetes")),
            ("east", Some("docker")),
            ("east", Some("west")),
            ("East Coast", Some("kind")),
        ] {
            assert!(told(name, like).is_err(), "{name} {like:?}");
        }
    }
}
