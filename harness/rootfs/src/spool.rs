//! Contents that are too large to hold: each in a file without a name on the disk where it will lie.
//!
//! A file without a name is gone when its last user is, so a cut that is killed leaves nothing
//! behind; and it can be given a name later, which copies nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use model::{Digest, Hasher};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::Blob;

/// Contents from this size on are spooled.
const LARGE_BYTES: u64 = 1 << 20;
/// Most contents that are spooled: each holds a file open.
const MOST_FILES: usize = 256;
/// Bytes that are moved at once: they stay in the processor's cache between their reading, hashing
/// and writing.
const CHUNK: usize = 128 << 10;

/// A folder for large contents.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    left: AtomicUsize,
}

/// A large content. Clones of its [`Blob`] share it.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    size: u64,
    named: AtomicBool,
}

impl Spool {
    /// Large contents go to the file system of `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            left: AtomicUsize::new(MOST_FILES),
        }
    }

    /// Takes `size` bytes from `content`: a large one to the disk, others, and all where files
    /// without a name cannot be made, into memory. The blob is hashed.
    pub fn take(&self, content: &mut dyn Read, size: u64) -> io::Result<Blob> {
        match self.file(size) {
            None => held(content, size),
            Some(file) => spooled(file, content, size),
        }
    }

    /// A new file without a name for a content of `size` bytes.
    fn file(&self, size: u64) -> Option<File> {
        if size < LARGE_BYTES {
            return None;
        }
        let less = |left: usize| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .ok()?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        // Not every file system has such files; memory does too.
        let file = openat(CWD, &self.folder, flags, Mode::RUSR | Mode::WUSR).ok()?;
        Some(file.into())
    }
}

fn held(content: &mut dyn Read, size: u64) -> io::Result<Blob> {
    let size = usize::try_from(size).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    content.read_exact(&mut bytes)?;
    let digest = Digest::of(&bytes);
    Ok(Blob::hashed(bytes, digest))
}

fn spooled(mut file: File, content: &mut dyn Read, size: u64) -> io::Result<Blob> {
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let read = content.read(chunk.get_mut(..most).unwrap_or_default())?;
        let part = chunk.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(part);
        file.write_all(part)?;
        left -= part.len() as u64;
    }
    let named = AtomicBool::new(false);
    let spooled = Spooled { file, size, named };
    Ok(Blob::spooled(Arc::new(spooled), hasher.finish()))
}

impl Spooled {
    /// Size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The file, for whoever asks first: that one may give it a name and change its attributes. All
    /// others copy its content.
    pub fn claim(&self) -> Option<&File> {
        let first = !self.named.swap(true, Ordering::Relaxed);
        first.then_some(&self.file)
    }

    /// Copies the content to `to`.
    pub fn copy_to(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let mut at = 0;
        while at < self.size {
            let read = self.file.read_at(&mut chunk, at)?;
            let part = chunk.get(..read).unwrap_or_default();
            if part.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            to.write_all(part)?;
            at += part.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(size: u64) -> Vec<u8> {
        (0..size).map(|at| (at * 7 + at / 251) as u8).collect()
    }

    #[test]
    fn a_large_content_lies_on_the_disk_and_reads_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path());
        for size in [
            0,
            1,
            LARGE_BYTES - 1,
            LARGE_BYTES,
            LARGE_BYTES + CHUNK as u64 + 3,
        ] {
            let bytes = content(size);
            let blob = spool.take(&mut &bytes[..], size).unwrap();
            assert_eq!(blob.on_disk().is_some(), size >= LARGE_BYTES, "{size}");
            assert_eq!((blob.size(), blob.digest()), (size, Digest::of(&bytes)));
            let mut copied = Vec::new();
            blob.copy_to(&mut copied).unwrap();
            assert_eq!(copied, bytes);
            assert_eq!(blob.bytes().unwrap(), &bytes);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_content_that_ends_early_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path());
        for size in [5, LARGE_BYTES + 5] {
            let bytes = content(size - 1);
            assert!(spool.take(&mut &bytes[..], size).is_err());
        }
    }

    #[test]
    fn what_cannot_be_spooled_is_held() {
        let spool = Spool::new(Path::new("/nowhere"));
        let bytes = content(LARGE_BYTES);
        let blob = spool.take(&mut &bytes[..], LARGE_BYTES).unwrap();
        assert!(blob.on_disk().is_none());
        let folder = tempfile::tempdir().unwrap();
        let full = Spool {
            left: AtomicUsize::new(1),
            ..Spool::new(folder.path())
        };
        let on_disk = || {
            let blob = full.take(&mut &bytes[..], LARGE_BYTES).unwrap();
            blob.on_disk().is_some()
        };
        assert_eq!([on_disk(), on_disk()], [true, false]);
    }

    #[test]
    fn the_file_is_given_away_once() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = content(LARGE_BYTES);
        let blob = Spool::new(folder.path()).take(&mut &bytes[..], LARGE_BYTES);
        let blob = blob.unwrap();
        let clone = blob.clone();
        assert!(blob.on_disk().unwrap().claim().is_some());
        assert!(clone.on_disk().unwrap().claim().is_none());
    }
}
