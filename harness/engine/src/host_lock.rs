//! The host-wide lock: of all runs on a host, one measures at a time.
//!
//! Two runs that measure at once would each report the other's load as the image's slowness. The
//! lock is an advisory one (`flock`) on a file that every user can open, so it needs no daemon and
//! falls with the process that holds it. It is taken on `/run/lock/certify-timed.lock` and on
//! `/tmp/certify-timed.lock`, wherever either can be had: a user who may not write to `/run/lock`
//! still meets root in `/tmp`. Runs in containers that share neither folder do not see each other;
//! there a shared file can be named.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use camino::Utf8PathBuf;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;

/// Where runs of one host meet, in the order in which the files are locked.
const PLACES: [&str; 2] = ["/run/lock/certify-timed.lock", "/tmp/certify-timed.lock"];

/// The lock, not taken yet.
#[derive(Debug, Clone)]
pub struct HostLock {
    places: Vec<Utf8PathBuf>,
}

/// The lock, held until dropped.
#[derive(Debug)]
pub struct HostLockHeld {
    _files: Vec<File>,
}

/// What came of an attempt to take the lock.
#[derive(Debug)]
pub enum Attempt {
    /// It is held now.
    Held(HostLockHeld),
    /// Another process holds it; the file it holds.
    Busy(Utf8PathBuf),
}

/// There is no file that could be locked.
#[derive(Debug, thiserror::Error)]
#[error(
    "could not open a lock file that all runs of this host share: {}; name one that can be \
     written with CERTIFY_HOST_LOCK=FILE", .0.join("; ")
)]
pub struct NoHostLock(Vec<String>);

impl HostLock {
    /// The usual files, or the one that the user names instead.
    pub fn standard(named: Option<&str>) -> Self {
        let places = match named.filter(|path| !path.is_empty()) {
            Some(path) => vec![path.into()],
            None => PLACES.iter().map(Into::into).collect(),
        };
        Self { places }
    }

    /// Takes the lock if no one else has it. Does not wait.
    pub fn attempt(&self) -> Result<Attempt, NoHostLock> {
        let mut files = Vec::new();
        let mut refused = Vec::new();
        for place in &self.places {
            match lock(place) {
                Ok(Some(file)) => files.push(file),
                Ok(None) => return Ok(Attempt::Busy(place.clone())),
                Err(error) => refused.push(format!("{place}: {error}")),
            }
        }
        if files.is_empty() {
            return Err(NoHostLock(refused));
        }
        Ok(Attempt::Held(HostLockHeld { _files: files }))
    }
}

/// Opens and locks one file; `None` when another process holds it.
fn lock(place: &Utf8PathBuf) -> io::Result<Option<File>> {
    let file = open(place)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // A file that was cleared away meanwhile guards nothing: others lock the one in its place.
    let (ours, there) = (file.metadata()?, fs_err::metadata(place));
    Ok(there
        .is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
        .then_some(file))
}

/// Opens the file for reading, which is enough to lock it and lets every user do so; makes it when
/// it is absent. Kernels refuse to open-or-create another user's file in a shared folder in one
/// call, so these are two.
fn open(place: &Utf8PathBuf) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let made = || {
        let flags = flags | OFlags::CREATE | OFlags::EXCL;
        openat(CWD, place.as_str(), flags, Mode::from_raw_mode(0o644))
    };
    let opened = match openat(CWD, place.as_str(), flags, Mode::empty()) {
        Err(Errno::NOENT) => match made() {
            // Another run made it first.
            Err(Errno::EXIST) => openat(CWD, place.as_str(), flags, Mode::empty()),
            other => other,
        },
        other => other,
    };
    Ok(File::from(opened?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn place(folder: &tempfile::TempDir, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap()
    }

    fn at(places: &[&Utf8PathBuf]) -> HostLock {
        let places = places.iter().map(|place| (*place).clone()).collect();
        HostLock { places }
    }

    #[test]
    fn one_at_a_time_and_free_again_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let lock = at(&[&place(&folder, "lock")]);
        let Attempt::Held(held) = lock.attempt().unwrap() else {
            panic!("nobody holds it yet")
        };
        assert!(matches!(lock.attempt().unwrap(), Attempt::Busy(_)));
        drop(held);
        assert!(matches!(lock.attempt().unwrap(), Attempt::Held(_)));
    }

    #[test]
    fn one_shared_place_is_enough_to_meet() {
        let folder = tempfile::tempdir().unwrap();
        let shared = place(&folder, "lock");
        let closed = place(&folder, "no-such-folder/lock");
        let both = at(&[&closed, &shared]);
        let Attempt::Held(_held) = both.attempt().unwrap() else {
            panic!("nobody holds it yet")
        };
        let other = at(&[&place(&folder, "own"), &shared]);
        assert!(matches!(other.attempt().unwrap(), Attempt::Busy(path) if path == shared));
    }

    #[test]
    fn no_place_at_all_is_an_error_that_says_what_to_set() {
        let folder = tempfile::tempdir().unwrap();
        let error = at(&[&place(&folder, "no-such-folder/lock")]).attempt();
        let text = error.unwrap_err().to_string();
        assert!(text.contains("CERTIFY_HOST_LOCK=FILE"), "{text}");
    }

    #[test]
    fn a_link_in_a_shared_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, victim) = (place(&folder, "lock"), place(&folder, "victim"));
        fs_err::os::unix::fs::symlink(&victim, &lock).unwrap();
        assert!(at(&[&lock]).attempt().is_err());
        assert!(!victim.exists());
    }
}
