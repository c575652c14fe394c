//! A session on a cluster that was made for it: closing it deletes the cluster.

use async_trait::async_trait;
use engine::{
    Container, Delivered, Delivery, Residue, Session, SessionError, SessionMemory, StartError,
    StartRequest, Verification,
};
use model::PlatformFacts;

use super::create::Created;

/// A session, and its cluster.
pub(super) struct OnCreated {
    pub(super) session: Box<dyn Session>,
    pub(super) cluster: Created,
}

#[async_trait]
impl Session for OnCreated {
    fn facts(&self) -> &PlatformFacts {
        self.session.facts()
    }

    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError> {
        self.session.deliver(image).await
    }

    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError> {
        self.session.start(start).await
    }

    async fn memory(&self) -> Result<SessionMemory, SessionError> {
        self.session.memory().await
    }

    async fn verify(&self, image: &Delivered) -> Result<Verification, SessionError> {
        self.session.verify(image).await
    }

    async fn close(self: Box<Self>) -> Result<(), SessionError> {
        let closed = self.session.close().await;
        after(closed, &self.cluster).await
    }
}

/// Deletes the cluster after what was tried in it ended so. What lay in the cluster is gone with it;
/// what did not stays as it was.
pub(super) async fn after<T>(
    ended: Result<T, SessionError>,
    cluster: &Created,
) -> Result<T, SessionError> {
    let deleted = cluster.delete().await;
    match (ended, deleted) {
        (ended @ Ok(_), Ok(())) => ended,
        (Err(mut error), Ok(())) => {
            error.residue = without(error.residue, &cluster.found.place());
            Err(error)
        }
        (Ok(_), Err(why)) => {
            let error = SessionError::environment("delete the cluster of this run", &why);
            Err(error
                .leaving(Residue::Removable(vec![why]))
                .try_this("cargo xtask sweep"))
        }
        (Err(mut error), Err(why)) => {
            error.residue = with(error.residue, why);
            Err(error.try_this("cargo xtask sweep"))
        }
    }
}

/// A residue without what lay in `place`.
fn without(residue: Residue, place: &str) -> Residue {
    let inside = format!(" in {place}");
    match residue {
        Residue::Removable(names) => {
            let outside = names.into_iter().filter(|name| !name.contains(&inside));
            let outside: Vec<String> = outside.collect();
            if outside.is_empty() {
                Residue::Nothing
            } else {
                Residue::Removable(outside)
            }
        }
        other => other,
    }
}

/// A residue with one more.
fn with(residue: Residue, more: String) -> Residue {
    match residue {
        Residue::Nothing => Residue::Removable(vec![more]),
        Residue::Removable(mut names) => {
            names.push(more);
            Residue::Removable(names)
        }
        Residue::Orphaned(mut names) => {
            names.push(more);
            Residue::Orphaned(names)
        }
        Residue::Unknown(why) => Residue::Unknown(format!("{why}; {more}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lay_in_the_cluster_is_gone_with_it() {
        let names = [
            "/scratch (busy)",
            "namespace a in kind cluster c at x (late)",
        ];
        let residue = Residue::Removable(names.map(str::to_owned).to_vec());
        let left = without(residue.clone(), "kind cluster c at x");
        assert_eq!(left, Residue::Removable(vec![names[0].to_owned()]));
        assert_eq!(without(left.clone(), "kind cluster d"), left);
        let all = with(residue, "cluster c".to_owned());
        let Residue::Removable(names) = all else {
            panic!("{all:?}");
        };
        assert_eq!(names.len(), 3);
    }
}
