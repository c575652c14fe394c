//! Unpacked trees kept between sessions, so that a run does not write tens of thousands of files
//! that the last one removed.
//!
//! `MANIFEST/root` below the folder is the tree of the image with that manifest digest. It is only
//! ever read: containers see it through overlays. Whoever takes it hashes every byte again and
//! compares with the tree of the image at hand, so a damaged or altered one is never run. Users hold
//! a shared lock on `MANIFEST`; what is locked is not removed.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::File;
use model::Digest;
use rustix::fs::{FlockOperation, flock};

/// Most bytes of trees kept between sessions.
const MOST_BYTES: u64 = 4 << 30;

const ROOT: &str = "root";
/// Holds the number of bytes of the tree beside it.
const BYTES: &str = "bytes";

/// The folder of kept trees.
#[derive(Debug, Clone)]
pub(crate) struct KeptTrees {
    folder: Utf8PathBuf,
}

/// A kept tree, not removed by anybody while this lives.
#[derive(Debug)]
pub(crate) struct KeptTree {
    /// The root.
    pub(crate) root: Utf8PathBuf,
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its number of paths.
    pub(crate) entries: u64,
    _lock: File,
}

impl KeptTrees {
    /// Trees below `cache`. Others may not look inside: a tree can hold programs that run as root.
    pub(crate) fn of(cache: &Utf8Path) -> std::io::Result<Self> {
        let folder = cache.join("trees");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(Self { folder })
    }

    /// Where a session may lay a tree that it means to keep; `name` carries its run.
    pub(crate) fn part(&self, name: &str) -> Utf8PathBuf {
        self.folder.join(format!("part-{name}"))
    }

    /// The tree of `manifest`, if it is there and every byte is as in `tree`. Another one is removed.
    pub(crate) fn take(&self, manifest: Digest, tree: Digest) -> Option<KeptTree> {
        let home = self.folder.join(manifest.hex());
        let lock = lock(&home, FlockOperation::NonBlockingLockShared)?;
        let root = home.join(ROOT);
        match image::rehash(root.as_std_path()) {
            Ok(found) if found.digest() == tree => {
                // The folder's age says when it was last used. Failing that, it is removed early.
                let now = rustix::fs::Timestamps {
                    last_access: NOW,
                    last_modification: NOW,
                };
                let _ = rustix::fs::futimens(&lock, &now);
                Some(KeptTree {
                    root,
                    digest: tree,
                    entries: found.len() as u64,
                    _lock: lock,
                })
            }
            other => {
                let why = match other {
                    Ok(found) => format!("it is {} instead of {tree}", found.digest()),
                    Err(error) => error.to_string(),
                };
                tracing::warn!("the kept tree {home} is not used: {why}");
                drop(lock);
                self.remove(&home);
                None
            }
        }
    }

    /// Keeps what was laid at `part`, of `bytes` bytes, and takes it. Nothing when somebody else has
    /// kept the same meanwhile, or it cannot be moved; then `part` is as it was.
    pub(crate) fn keep(
        &self,
        manifest: Digest,
        part: &Utf8Path,
        bytes: u64,
        laid: (Digest, u64),
    ) -> Option<KeptTree> {
        let home = self.folder.join(manifest.hex());
        DirBuilder::new().mode(0o700).create(&home).ok()?;
        let lock = lock(&home, FlockOperation::NonBlockingLockShared)?;
        let root = home.join(ROOT);
        let written = fs_err::write(home.join(BYTES), bytes.to_string());
        if written.is_err() || fs_err::rename(part, &root).is_err() {
            let _ = fs_err::remove_dir_all(&home);
            return None;
        }
        self.evict();
        Some(KeptTree {
            root,
            digest: laid.0,
            entries: laid.1,
            _lock: lock,
        })
    }

    /// Removes trees nobody uses, the longest unused first, until the bound holds.
    fn evict(&self) {
        self.finish_removals();
        let mut all = self.all();
        all.sort();
        let mut total: u64 = all.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, home, bytes) in all {
            if total <= MOST_BYTES {
                break;
            }
            if self.remove(&home) {
                total = total.saturating_sub(bytes);
            }
        }
    }

    /// What a killed program had begun to remove.
    fn finish_removals(&self) {
        let entries = self.folder.read_dir_utf8().into_iter().flatten();
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().starts_with("part-removed-") {
                let _ = super::view::remove_all(entry.path());
            }
        }
    }

    /// When each was last used, where it is, how many bytes it has.
    fn all(&self) -> Vec<(std::time::SystemTime, Utf8PathBuf, u64)> {
        let Ok(entries) = self.folder.read_dir_utf8() else {
            return Vec::new();
        };
        let homes = entries
            .filter_map(Result::ok)
            .map(|entry| entry.into_path());
        homes
            .filter(|home| {
                home.file_name()
                    .is_some_and(|name| !name.starts_with("part-"))
            })
            .filter_map(|home| {
                let used = fs_err::metadata(&home).ok()?.modified().ok()?;
                let bytes = fs_err::read_to_string(home.join(BYTES)).unwrap_or_default();
                Some((used, home, bytes.parse().unwrap_or(0)))
            })
            .collect()
    }

    /// Removes a tree unless somebody uses it; whether it did. It is moved away first, so that
    /// nobody finds half of it.
    fn remove(&self, home: &Utf8Path) -> bool {
        let Some(_lock) = lock(home, FlockOperation::NonBlockingLockExclusive) else {
            return false;
        };
        let name = home.file_name().unwrap_or_default();
        let gone = self.part(&format!("removed-{name}"));
        let _ = super::view::remove_all(&gone);
        fs_err::rename(home, &gone).is_ok() && super::view::remove_all(&gone).is_ok()
    }
}

const NOW: rustix::fs::Timespec = rustix::fs::Timespec {
    tv_sec: 0,
    tv_nsec: rustix::fs::UTIME_NOW,
};

/// Locks a folder; nothing when it is not there, or is locked otherwise, or was moved away meanwhile.
fn lock(home: &Utf8Path, how: FlockOperation) -> Option<File> {
    let file = File::open(home).ok()?;
    flock(&file, how).ok()?;
    let (ours, there) = (file.metadata().ok()?, fs_err::metadata(home).ok()?);
    ((ours.dev(), ours.ino()) == (there.dev(), there.ino())).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> (tempfile::TempDir, KeptTrees) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        (folder, KeptTrees::of(&cache).unwrap())
    }

    /// Lays a tree of one file and keeps it; its manifest and tree digest.
    fn kept(trees: &KeptTrees, text: &str) -> (Digest, Digest) {
        let part = trees.part(text);
        fs_err::create_dir_all(&part).unwrap();
        fs_err::write(part.join("file"), text).unwrap();
        let tree = image::rehash(part.as_std_path()).unwrap();
        let (manifest, digest) = (Digest::of(text.as_bytes()), tree.digest());
        let kept = trees.keep(manifest, &part, MOST_BYTES / 2, (digest, 1));
        assert!(kept.is_some() && !part.exists());
        (manifest, digest)
    }

    #[test]
    fn a_kept_tree_is_taken_again() {
        let (_folder, trees) = scene();
        let (manifest, digest) = kept(&trees, "one");
        let taken = trees.take(manifest, digest).unwrap();
        assert_eq!((taken.digest, taken.entries), (digest, 1));
        assert_eq!(
            fs_err::read_to_string(taken.root.join("file")).unwrap(),
            "one"
        );
        assert!(trees.take(Digest::of(b"other"), digest).is_none());
        let mode = fs_err::metadata(&trees.folder).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn an_altered_tree_is_never_taken_and_goes() {
        type Harm = fn(&Utf8Path);
        let harms: [Harm; 4] = [
            |root| fs_err::write(root.join("file"), "two").unwrap(),
            |root| fs_err::write(root.join("more"), "").unwrap(),
            |root| fs_err::remove_file(root.join("file")).unwrap(),
            |root| fs_err::remove_dir_all(root).unwrap(),
        ];
        for harm in harms {
            let (_folder, trees) = scene();
            let (manifest, digest) = kept(&trees, "one");
            let home = trees.folder.join(manifest.hex());
            harm(&home.join(ROOT));
            assert!(trees.take(manifest, digest).is_none());
            assert!(!home.exists());
            kept(&trees, "one");
            assert!(trees.take(manifest, digest).is_some());
        }
    }

    /// Makes a tree look last used then.
    fn used_at(trees: &KeptTrees, manifest: Digest, tv_sec: i64) {
        let home = File::open(trees.folder.join(manifest.hex())).unwrap();
        let then = rustix::fs::Timespec { tv_sec, tv_nsec: 0 };
        let times = rustix::fs::Timestamps {
            last_access: then,
            last_modification: then,
        };
        rustix::fs::futimens(&home, &times).unwrap();
    }

    #[test]
    fn the_longest_unused_goes_unless_it_is_used() {
        let (_folder, trees) = scene();
        let (one, two) = (kept(&trees, "one"), kept(&trees, "two"));
        used_at(&trees, one.0, 200);
        used_at(&trees, two.0, 100);
        let three = kept(&trees, "three");
        assert!(trees.take(two.0, two.1).is_none());
        let used = trees.take(one.0, one.1).unwrap();
        used_at(&trees, one.0, 100);
        used_at(&trees, three.0, 200);
        kept(&trees, "four");
        assert!(used.root.exists() && trees.take(three.0, three.1).is_none());
    }

    #[test]
    fn what_is_kept_twice_stays_where_it_was_laid() {
        let (_folder, trees) = scene();
        let (manifest, digest) = kept(&trees, "one");
        let part = trees.part("again");
        fs_err::create_dir_all(&part).unwrap();
        assert!(trees.keep(manifest, &part, 1, (digest, 1)).is_none());
        assert!(part.exists());
    }
}
