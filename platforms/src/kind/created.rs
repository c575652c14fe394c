//! The end of a cluster that was made for a session: it is deleted after the session.

use std::sync::Arc;

use async_trait::async_trait;
use engine::{Residue, SessionError};

use super::create::Created;
use crate::kubernetes::session::Afterwards;

/// A session's own cluster goes with it.
pub(super) struct WithIt(pub(super) Arc<Created>);

#[async_trait]
impl Afterwards for WithIt {
    async fn after(&self, closed: Result<(), SessionError>) -> Result<(), SessionError> {
        match closed {
            Err(error) => match after(error, &self.0).await {
                // All that could not be removed lay in the cluster.
                error if error.residue == Residue::Nothing => Ok(()),
                error => Err(error),
            },
            Ok(()) => self.0.delete().await.map_err(|why| {
                SessionError::environment("delete the cluster of this run", &why)
                    .leaving(Residue::Removable(vec![why]))
                    .try_this("cargo xtask sweep")
            }),
        }
    }
}

/// Deletes the cluster after `error`. What lay in the cluster is gone with it; what did not stays.
pub(super) async fn after(mut error: SessionError, cluster: &Created) -> SessionError {
    match cluster.delete().await {
        Ok(()) => {
            error.residue = without(error.residue, &cluster.found.place());
            error
        }
        Err(why) => {
            error.residue = with(error.residue, why);
            error.try_this("cargo xtask sweep")
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
