//! Entering a container: its namespaces opened from outside first, then entered in order.

use std::fs::File;

use probe::Failure;

use super::pinned::{Pinned, failure};
use crate::sys::namespace::{self, Kind};

/// How much of a container is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Its files only: to read.
    Files,
    /// Its network only: to speak to it.
    Network,
    /// All of it: to act as its user.
    Everything,
}

/// Handles to a container's namespaces and root, opened while the outside is still in sight.
#[derive(Debug)]
pub(crate) struct Doors {
    pid: u32,
    namespaces: Vec<(Kind, File)>,
    root: Option<File>,
}

/// What was entered.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Names of the namespaces that differed from ours, in order.
    pub(crate) namespaces: Vec<String>,
}

impl Doors {
    /// Opens those namespaces that are not the caller's own.
    pub(crate) fn open(target: &Pinned, sight: Sight) -> Result<Self, Failure> {
        let kinds: &[Kind] = match sight {
            Sight::Files => &[Kind::User, Kind::Mount],
            Sight::Network => &[Kind::User, Kind::Net],
            Sight::Everything => &[
                Kind::User,
                Kind::Mount,
                Kind::Net,
                Kind::Ipc,
                Kind::Uts,
                Kind::Pid,
            ],
        };
        let pid = target.pid();
        let own = Pinned::own().map_err(|error| failure("compare ourselves with", pid, &error))?;
        let mut namespaces = Vec::new();
        for kind in kinds {
            let doing = format!("look at the {} namespace of", kind.name());
            let theirs = target.namespace(kind.name());
            let theirs = theirs.map_err(|error| failure(&doing, pid, &error))?;
            let ours = own.namespace(kind.name());
            let ours = ours.map_err(|error| failure(&doing, pid, &error))?;
            if theirs != ours {
                let file = target
                    .file(&format!("ns/{}", kind.name()))
                    .map_err(|error| failure(&doing, pid, &error))?;
                namespaces.push((*kind, file));
            }
        }
        let root = match sight {
            Sight::Network => None,
            Sight::Files | Sight::Everything => Some(
                target
                    .root()
                    .map_err(|error| failure("open the root of", pid, &error))?,
            ),
        };
        Ok(Self {
            pid,
            namespaces,
            root,
        })
    }

    /// Goes in. A pid namespace holds for children made afterwards only.
    pub(crate) fn enter(self) -> Result<Entered, Failure> {
        let mut names = Vec::new();
        for (kind, file) in &self.namespaces {
            namespace::enter(file, *kind).map_err(|error| {
                failure(
                    &format!("enter the {} namespace of", kind.name()),
                    self.pid,
                    &error,
                )
            })?;
            names.push(kind.name().to_owned());
        }
        if let Some(root) = &self.root {
            namespace::change_root(root)
                .map_err(|error| failure("enter the root of", self.pid, &error))?;
        }
        Ok(Entered { namespaces: names })
    }
}
