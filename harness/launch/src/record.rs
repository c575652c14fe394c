//! What this runtime knows of a container beside libcontainer's own state.
//!
//! ```text
//! ROOT/ID/                libcontainer's: state.json, notify.sock, ...
//! ROOT/.launch/ID/        ours:
//!     record.json         written before anything else exists, completed when it runs
//!     config.json         the spec as it is really run
//!     lock                held by `create` and the processes it clones, until the program starts
//!     init.pid            the first program's id, the moment it is known
//!     scratch/, stage/    empty folders, mount points inside the container's own namespace
//! ```
//! Because the record comes first and goes last, a `create` or `delete` killed at any point leaves
//! something that `delete --force` finds and removes.

use std::path::{Path, PathBuf};

use fs_err::File;
use serde::{Deserialize, Serialize};

use crate::arguments::Mode;
use crate::error::{LaunchError, Result};
use crate::identity::Identity;

/// The folder of all containers.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: PathBuf,
}

/// One container's folders.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// Its name.
    pub(crate) id: String,
    /// The folder of all containers, absolute.
    pub(crate) root: PathBuf,
    /// libcontainer's folder.
    pub(crate) theirs: PathBuf,
    /// Ours.
    pub(crate) ours: PathBuf,
}

/// What must be known to remove the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// With whose rights it was made.
    pub(crate) mode: Mode,
    /// The bundle as given, absolute.
    pub(crate) bundle: PathBuf,
    /// Its cgroup, relative to each hierarchy.
    pub(crate) cgroup: PathBuf,
    /// The command line of `create`, by which the processes that it cloned are known.
    pub(crate) maker: Vec<u8>,
    /// Its first program, once known.
    pub(crate) init: Option<Identity>,
}

/// Held as long as a container is being made; a clone of its holder holds it too.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Place {
    /// A folder that need not exist yet; made absolute now, since the working directory changes
    /// with the surroundings.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let root = std::path::absolute(root)?;
        Ok(Self { root })
    }

    /// The folders of container `id`; makes none of them.
    pub(crate) fn home(&self, id: &str) -> Result<Home> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '.');
        if id.is_empty() || id.starts_with('.') || id.len() > 200 || !id.chars().all(allowed) {
            return Err(LaunchError::Name(id.to_owned()));
        }
        Ok(Home {
            id: id.to_owned(),
            theirs: self.root.join(id),
            ours: self.root.join(".launch").join(id),
            root: self.root.clone(),
        })
    }
}

impl Home {
    /// Takes the name for a new container, and its lock.
    pub(crate) fn claim(&self, record: &Record) -> Result<Lock> {
        let shelf = self.root.join(".launch");
        fs_err::create_dir_all(&shelf)?;
        match fs_err::create_dir(&self.ours) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(LaunchError::Exists(self.id.clone()));
            }
            other => other?,
        }
        let lock = self
            .lock()?
            .ok_or_else(|| LaunchError::Exists(self.id.clone()))?;
        self.write(record)?;
        Ok(lock)
    }

    /// Takes the lock if nobody has it.
    pub(crate) fn lock(&self) -> Result<Option<Lock>> {
        use rustix::fs::{FlockOperation, flock};
        let file = File::create(self.ours.join("lock"))?;
        match flock(file.file(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(why) => Err(std::io::Error::from(why).into()),
        }
    }

    /// Processes that are making this container: `create` itself and what it cloned.
    pub(crate) fn makers(&self, record: &Record) -> Result<Vec<Identity>> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        Ok(fs_err::read_dir("/proc")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| *pid != own)
            .filter(|pid| command_line(&pid.to_string()).is_ok_and(|line| line == record.maker))
            .filter_map(Identity::of)
            .collect())
    }

    /// Reads the record; `None` when there is no such container. A folder without one belongs to a
    /// `create` that was killed before it made anything else.
    pub(crate) fn read(&self) -> Result<Option<Record>> {
        let path = self.ours.join("record.json");
        match fs_err::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|why| LaunchError::Json { path, why }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the record of a container that must exist.
    pub(crate) fn known(&self) -> Result<Record> {
        self.read()?
            .ok_or_else(|| LaunchError::Unknown(self.id.clone()))
    }

    /// Replaces the record at once.
    pub(crate) fn write(&self, record: &Record) -> Result<()> {
        let path = self.ours.join("record.json");
        let draft = self.ours.join("record.json.new");
        let bytes = serde_json::to_vec(record).map_err(|why| LaunchError::Json {
            path: path.clone(),
            why,
        })?;
        fs_err::write(&draft, bytes)?;
        fs_err::rename(&draft, &path)?;
        Ok(())
    }

    /// The first program if it lives, from the record, or from the file that is written while the
    /// container is made.
    pub(crate) fn living(&self, record: &Record) -> Option<Identity> {
        if let Some(identity) = record.init {
            return identity.lives().then_some(identity);
        }
        let text = fs_err::read_to_string(self.init_pid()).ok()?;
        let identity = Identity::of(text.trim().parse().ok()?)?;
        // Its start was not noted yet, so its name must show that it is one of libcontainer's.
        let name = fs_err::read_to_string(format!("/proc/{}/comm", identity.pid)).ok()?;
        name.starts_with("youki:").then_some(identity)
    }

    /// Where libcontainer notes the first program's id while it makes the container.
    pub(crate) fn init_pid(&self) -> PathBuf {
        self.ours.join("init.pid")
    }

    /// The mount point of the private overlay.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.ours.join("scratch")
    }

    /// The mount point of a normal user's private root.
    pub(crate) fn stage(&self) -> PathBuf {
        self.ours.join("stage")
    }

    /// Gives the name back; the last step of a removal.
    pub(crate) fn forget(&self) -> Result<()> {
        for point in [self.scratch(), self.stage()] {
            // Mounted only in the surroundings of a `run` or of a `create` that failed.
            let _ = nix::mount::umount2(&point, nix::mount::MntFlags::MNT_DETACH);
        }
        for folder in [&self.theirs, &self.ours] {
            match fs_err::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The command line of a process (`self` for this one), as the kernel has it; no name for it that
/// a process may set changes it.
pub(crate) fn command_line(pid: &str) -> Result<Vec<u8>> {
    Ok(fs_err::read(format!("/proc/{pid}/cmdline"))?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_folder() {
        let place = Place::new(Path::new("/run/x")).unwrap();
        for bad in [
            "",
            ".",
            "..",
            ".launch",
            "a/b",
            "a b",
            "ä",
            &"a".repeat(201),
        ] {
            assert!(
                matches!(place.home(bad), Err(LaunchError::Name(_))),
                "{bad}"
            );
        }
        let home = place.home("a_b+c-d.0").unwrap();
        assert_eq!(home.ours, Path::new("/run/x/.launch/a_b+c-d.0"));
    }

    #[test]
    fn a_name_is_claimed_once() {
        let root = tempfile::tempdir().unwrap();
        let home = Place::new(root.path()).unwrap().home("one").unwrap();
        let record = Record {
            mode: Mode::Root,
            bundle: "/b".into(),
            cgroup: "c".into(),
            maker: command_line("self").unwrap(),
            init: None,
        };
        assert_eq!(home.read().unwrap(), None);
        let lock = home.claim(&record).unwrap();
        assert!(home.lock().unwrap().is_none());
        drop(lock);
        assert!(home.lock().unwrap().is_some());
        assert!(matches!(home.claim(&record), Err(LaunchError::Exists(_))));
        assert_eq!(home.read().unwrap(), Some(record));
        home.forget().unwrap();
        home.forget().unwrap();
        assert!(matches!(home.known(), Err(LaunchError::Unknown(_))));
    }
}
