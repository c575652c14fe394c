//! Images of earlier runs, kept by the digest of everything their bytes depend on. Baselines and
//! controls come from here; an image under test never does.
//!
//! `images/KEY/` below the cache holds the files of the image and `kept`: sealed JSON with what is
//! known of it and every file's digest. Each byte is hashed again when it is taken out; what is
//! damaged reads as absent.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use model::{Digest, Hasher};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bounded::{self, below};
use super::sealed;

/// Most bytes of images kept between runs.
const MOST_BYTES: u64 = 2 << 30;

const KEPT: &str = "kept";

const PIECE_BYTES: usize = 128 << 10;

/// The cache's folder of images.
pub struct ImageCache {
    root: Utf8PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    facts: T,
    /// Path below the folder, digest.
    files: BTreeMap<Utf8PathBuf, Digest>,
}

impl ImageCache {
    /// The images below the folder `cache`.
    pub fn of(cache: &Utf8Path) -> Self {
        Self {
            root: cache.join("images"),
        }
    }

    /// Puts the image `key` at `place`, if it is known and whole.
    pub fn load<T: DeserializeOwned>(&self, key: &Digest, place: &Utf8Path) -> Option<T> {
        let from = self.root.join(key.hex());
        if !from.exists() {
            return None;
        }
        let taken = read(&from.join(KEPT)).and_then(|kept: Kept<T>| {
            copy(&from, &kept.files, place)?;
            Ok(kept.facts)
        });
        match taken {
            Ok(facts) => Some(facts),
            Err(error) => {
                tracing::warn!("the kept image {from} is not used: {error}");
                let _ = fs_err::remove_dir_all(place);
                let _ = fs_err::remove_dir_all(&from);
                None
            }
        }
    }

    /// Keeps the image at `place`, and what is known of it. Failing to keep it costs time, nothing else.
    pub fn save<T: Serialize>(&self, key: &Digest, facts: &T, place: &Utf8Path) {
        // Two programs may keep the same image: each fills a folder of its own.
        let part = self
            .root
            .join(format!("part-{}-{}", key.short(), std::process::id()));
        let kept = self.try_save(key, facts, place, &part);
        if let Err(error) = kept {
            tracing::warn!("image {key} is not kept: {error}");
            // A full disk must not be kept full by what could not be kept.
            let _ = fs_err::remove_dir_all(&part);
        }
    }

    fn try_save<T: Serialize>(
        &self,
        key: &Digest,
        facts: &T,
        place: &Utf8Path,
        part: &Utf8Path,
    ) -> std::io::Result<()> {
        let mut files = BTreeMap::new();
        for path in below(place)? {
            let bytes = fs_err::read(place.join(&path))?;
            files.insert(path.clone(), Digest::of(&bytes));
            write(&part.join(path), &bytes)?;
        }
        let body = serde_json::to_vec(&Kept { facts, files })?;
        write(&part.join(KEPT), &sealed::seal(&body))?;
        let to = self.root.join(key.hex());
        if to.exists() {
            return fs_err::remove_dir_all(part);
        }
        fs_err::rename(part, &to)?;
        bounded::evict(&self.root, MOST_BYTES, &to)
    }
}

fn read<T: DeserializeOwned>(path: &Utf8Path) -> std::io::Result<Kept<T>> {
    let bytes = fs_err::read(path)?;
    let damaged = || std::io::Error::other(format!("{path} is damaged"));
    Ok(serde_json::from_slice(
        sealed::open(&bytes).ok_or_else(damaged)?,
    )?)
}

fn copy(
    from: &Utf8Path,
    files: &BTreeMap<Utf8PathBuf, Digest>,
    place: &Utf8Path,
) -> std::io::Result<()> {
    for (path, digest) in files {
        let found = copy_file(&from.join(path), &place.join(path))?;
        if found != *digest {
            let text = format!("{path} is {found} instead of {digest}");
            return Err(std::io::Error::other(text));
        }
    }
    Ok(())
}

/// Copies a file in pieces that stay in the processor's cache between reading, hashing and writing;
/// the digest of what was written.
fn copy_file(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<Digest> {
    if let Some(parent) = to.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let (mut from, mut to) = (fs_err::File::open(from)?, fs_err::File::create(to)?);
    let (mut hasher, mut piece) = (Hasher::new(), vec![0; PIECE_BYTES]);
    loop {
        let read = from.read(&mut piece)?;
        let part = piece.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(part);
        to.write_all(part)?;
    }
}

fn write(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &str = "what is known of it";

    fn load(cache: &ImageCache, key: &[u8], place: &Utf8Path) -> Option<String> {
        cache.load(&Digest::of(key), place)
    }

    fn scene() -> (tempfile::TempDir, ImageCache, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let made = root.join("made");
        write(&made.join("index.json"), b"{}").unwrap();
        write(&made.join("blobs/sha256/aa"), b"layer").unwrap();
        let cache = ImageCache::of(&root.join("cache"));
        cache.save(&Digest::of(b"key"), &FACTS, &made);
        (folder, cache, root)
    }

    #[test]
    fn what_was_kept_is_put_back_whole() {
        let (_folder, cache, root) = scene();
        let place = root.join("place");
        assert_eq!(load(&cache, b"other", &place), None);
        assert!(!place.exists());
        assert_eq!(load(&cache, b"key", &place).as_deref(), Some(FACTS));
        assert_eq!(
            fs_err::read(place.join("blobs/sha256/aa")).unwrap(),
            b"layer"
        );
        assert_eq!(below(&place).unwrap().len(), 2);
    }

    #[test]
    fn damage_reads_as_absent_and_is_thrown_away() {
        for (file, bytes) in [
            ("blobs/sha256/aa", &b"other"[..]),
            ("blobs/sha256/aa", b""),
            (KEPT, b"{}"),
        ] {
            let (_folder, cache, root) = scene();
            let kept = cache.root.join(Digest::of(b"key").hex());
            fs_err::write(kept.join(file), bytes).unwrap();
            let place = root.join("place");
            assert_eq!(load(&cache, b"key", &place), None, "{file}");
            assert!(!place.exists() && !kept.exists(), "{file}");
            cache.save(&Digest::of(b"key"), &FACTS, &root.join("made"));
            assert!(load(&cache, b"key", &place).is_some(), "{file}");
        }
    }
}
