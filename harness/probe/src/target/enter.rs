//! Entering a container: its namespaces opened from outside first, then entered in order.
//!
//! The kernel lets a process into a namespace that has `CAP_SYS_ADMIN` both in its own user
//! namespace and in the one that owns the namespace. Root outside has both at once. A normal user
//! has neither until it enters a user namespace of its own making, and one container can have
//! several: the network of a prober belongs to the prober's, the rest to the container's, which
//! lies inside the former. So what is open is entered, then the outermost user namespace that owns
//! something still shut, and again, inwards. Sources: `setns(2)`, `user_namespaces(7)`.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

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

impl Sight {
    /// What is entered beside the user namespaces, in this order.
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Files => &[Kind::Mount],
            Self::Network => &[Kind::Net],
            Self::Everything => &[Kind::Mount, Kind::Net, Kind::Ipc, Kind::Uts, Kind::Pid],
        }
    }
}

/// Handles to a container's namespaces and root, opened while the outside is still in sight.
#[derive(Debug)]
pub(crate) struct Doors {
    pid: u32,
    /// The inode of the user namespace that we are in.
    inside: u64,
    /// The container's user namespace, unless we are in it.
    user: Option<File>,
    /// What is still to be entered beside it.
    shut: Vec<(Kind, File)>,
    root: Option<File>,
}

/// What was entered.
#[derive(Debug)]
pub(crate) struct Entered {
    /// Names of the namespaces, in order.
    pub(crate) namespaces: Vec<String>,
}

/// Whether a directory is our own root, given that we share its mount namespace.
fn is_own_root(root: &File) -> io::Result<bool> {
    let (theirs, ours) = (root.metadata()?, std::fs::metadata("/")?);
    Ok((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()))
}

impl Doors {
    /// Opens those namespaces that are not the caller's own.
    pub(crate) fn open(target: &Pinned, sight: Sight) -> Result<Self, Failure> {
        let pid = target.pid();
        let own = Pinned::own().map_err(|error| failure("compare ourselves with", pid, &error))?;
        let apart = |kind: Kind| -> io::Result<Option<File>> {
            let same = target.namespace(kind.name())? == own.namespace(kind.name())?;
            let name = format!("ns/{}", kind.name());
            (!same).then(|| target.file(&name)).transpose()
        };
        let cannot = |kind: Kind| {
            let doing = format!("look at the {} namespace of", kind.name());
            move |error: io::Error| failure(&doing, pid, &error)
        };
        let mut shut = Vec::new();
        for kind in sight.kinds() {
            let file = apart(*kind).map_err(cannot(*kind))?;
            shut.extend(file.map(|file| (*kind, file)));
        }
        let root = match sight {
            Sight::Network => None,
            Sight::Files | Sight::Everything => {
                let cannot = |error| failure("open the root of", pid, &error);
                let root = target.root().map_err(cannot)?;
                // A probe that was started inside is there already, and may not change its root.
                (!is_own_root(&root).map_err(cannot)? || !shut.is_empty()).then_some(root)
            }
        };
        Ok(Self {
            pid,
            inside: own.namespace("user").map_err(cannot(Kind::User))?,
            user: apart(Kind::User).map_err(cannot(Kind::User))?,
            shut,
            root,
        })
    }

    /// Goes in. A pid namespace holds for children made afterwards only.
    pub(crate) fn enter(mut self) -> Result<Entered, Failure> {
        let mut namespaces = Vec::new();
        loop {
            let refused = self.enter_open_ones(&mut namespaces)?;
            let cannot = |error| self.cannot(Kind::User, &error);
            let Some((inode, user)) = self.next_user().map_err(cannot)? else {
                match refused {
                    Some((kind, error)) => return Err(self.cannot(kind, &error)),
                    None => break,
                }
            };
            namespace::enter(user, Kind::User).map_err(cannot)?;
            namespaces.push(Kind::User.name().to_owned());
            self.inside = inode;
        }
        if let Some(root) = &self.root {
            namespace::change_root(root)
                .map_err(|error| failure("enter the root of", self.pid, &error))?;
        }
        Ok(Entered { namespaces })
    }

    /// Enters what our rights let us into; the first refusal, if there was one.
    fn enter_open_ones(
        &mut self,
        entered: &mut Vec<String>,
    ) -> Result<Option<(Kind, io::Error)>, Failure> {
        let mut first = None;
        for (kind, file) in std::mem::take(&mut self.shut) {
            match namespace::enter(&file, kind) {
                Ok(()) => entered.push(kind.name().to_owned()),
                Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                    first.get_or_insert((kind, error));
                    self.shut.push((kind, file));
                }
                Err(error) => return Err(self.cannot(kind, &error)),
            }
        }
        Ok(first)
    }

    /// The outermost user namespace, with its inode, that owns something still shut or is the
    /// container's own; nothing when we are in all of them.
    fn next_user(&self) -> io::Result<Option<(u64, File)>> {
        let mut found: Option<(u32, u64, File)> = None;
        let owners = self.shut.iter().map(|(_, file)| namespace::owner(file));
        for user in owners.chain(self.user.iter().map(File::try_clone)) {
            let user = user?;
            let inode = user.metadata()?.ino();
            if inode == self.inside {
                continue;
            }
            let depth = self.depth(&user)?;
            if found.as_ref().is_none_or(|(least, _, _)| depth < *least) {
                found = Some((depth, inode, user));
            }
        }
        Ok(found.map(|(_, inode, user)| (inode, user)))
    }

    /// How many user namespaces further in than ours it lies.
    fn depth(&self, user: &File) -> io::Result<u32> {
        let mut depth = 1;
        let mut parent = namespace::parent(user)?;
        while parent.metadata()?.ino() != self.inside {
            depth += 1;
            parent = namespace::parent(&parent)?;
        }
        Ok(depth)
    }

    fn cannot(&self, kind: Kind, error: &io::Error) -> Failure {
        let doing = format!("enter the {} namespace of", kind.name());
        failure(&doing, self.pid, error)
    }
}
