//! Two packages that both hold a path: who keeps it.

use std::collections::BTreeMap;

use deb::{DebReader, Relation, Version, relations};
use rootfs::{Entry, Kind, Tree, TreePath};

/// What a package says about replacing others.
#[derive(Debug)]
pub(super) struct Claimant {
    version: Option<Version>,
    replaces: Vec<Relation>,
}

impl Claimant {
    /// Reads it from the control file.
    pub(super) fn of(package: &DebReader) -> Self {
        let control = package.control();
        let field = |name: &str| super::database::field(&control, name);
        let replaces = field("Replaces").and_then(|text| relations(&text).ok());
        Self {
            version: field("Version").and_then(|text| text.parse().ok()),
            replaces: replaces.into_iter().flatten().flatten().collect(),
        }
    }

    /// Whether it may take over paths of the package `name`.
    fn replaces(&self, name: &str, other: &Self) -> bool {
        self.replaces.iter().any(|relation| {
            relation.name == name
                && match (&relation.version, &other.version) {
                    (None, _) => true,
                    (Some((operator, wanted)), Some(found)) => operator.holds(found, wanted),
                    (Some(_), None) => false,
                }
        })
    }
}

/// Whether `old` keeps `path` against `new`: then a note, unless nothing is lost. The newcomer
/// wins only where it replaces the other package.
pub(super) fn keeps(
    tree: &Tree,
    path: &TreePath,
    old: &Entry,
    new: &Entry,
    claimants: &BTreeMap<String, Claimant>,
) -> Option<Option<String>> {
    let (Some(first), Some(second)) = (old.owners.first(), new.owners.first()) else {
        return None;
    };
    let claims = (claimants.get(&**first), claimants.get(&**second));
    if let (Some(old), Some(new)) = claims {
        if new.replaces(first, old) {
            return None;
        }
        if old.replaces(second, new) {
            return Some(None);
        }
    }
    let same = match (&old.kind, &new.kind) {
        (Kind::File(_) | Kind::Hardlink { .. }, Kind::File(blob)) => tree.blob(path) == Some(blob),
        (old, new) => old == new,
    };
    if same && old.mode == new.mode {
        return Some(None);
    }
    Some(Some(format!(
        "{path} is in {first} and {second}: that of {first} is kept"
    )))
}
