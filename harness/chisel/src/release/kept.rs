//! Releases that were read and validated once, by their content.

use bytes::Bytes;
use model::{Digest, Hasher};

use super::{Release, ReleaseFiles, Strictness};
use crate::error::Result;

/// A place where validated releases are kept between calls of the program.
pub trait KeptReleases {
    /// The bytes kept under `key`, if they are there and whole.
    fn load(&self, key: &Digest) -> Option<Bytes>;

    /// Keeps `bytes` under `key`. A failure costs time, nothing else.
    fn save(&self, key: &Digest, bytes: &[u8]);
}

impl Release {
    /// What [`Release::from_files`] gives, taken from `kept` where the very same files were read
    /// and found valid before.
    pub fn from_files_or_kept(
        files: &ReleaseFiles,
        strictness: Strictness,
        kept: &dyn KeptReleases,
    ) -> Result<Self> {
        let key = key(files, strictness);
        let known = kept
            .load(&key)
            .and_then(|bytes| postcard::from_bytes::<Self>(&bytes).ok());
        if let Some(mut release) = known.filter(|release| release.digest == files.digest()) {
            // The same content may lie in another folder this time.
            files.name().clone_into(&mut release.name);
            return Ok(release);
        }
        let release = Self::from_files(files, strictness)?;
        if let Ok(bytes) = postcard::to_stdvec(&release) {
            kept.save(&key, &bytes);
        }
        Ok(release)
    }
}

/// Content and rules: what is valid as somebody else's release need not be as our own.
fn key(files: &ReleaseFiles, strictness: Strictness) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(files.digest().as_bytes());
    hasher.update(match strictness {
        Strictness::Foreign => b"foreign",
        Strictness::Own => b"own",
    });
    hasher.finish()
}
