//! Cuts of earlier calls of `slices cut`, kept by the digest of everything they depend on. An image
//! that is certified is never made of one.

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{Cut, PackageRecord, Selection};
use model::Digest;

use super::bounded;

/// Most bytes of cuts kept between calls.
const MOST_BYTES: u64 = 2 << 30;

/// The cache's folder of cuts.
pub struct CutCache {
    root: Utf8PathBuf,
}

impl CutCache {
    /// The cuts below the folder `cache`.
    pub fn of(cache: &Utf8Path) -> Self {
        Self {
            root: cache.join("cuts"),
        }
    }

    /// Everything that a cut of `selection` from `records` depends on.
    pub fn key(selection: &Selection<'_>, records: &[PackageRecord]) -> Digest {
        let slices: Vec<String> = selection
            .slices
            .iter()
            .map(|slice| slice.key.to_string())
            .collect();
        model::canonical::digest(&serde_json::json!({
            "build": crate::BUILD,
            "dependencies": Digest::of(crate::DEPENDENCIES),
            "release": selection.release.digest,
            "arch": selection.arch,
            "slices": slices,
            "packages": records,
        }))
    }

    /// The cut `key`, if it is known and whole; what is damaged is thrown away.
    pub fn load(&self, key: &Digest) -> Option<Cut> {
        let path = self.root.join(key.hex());
        let file = Bytes::from(fs_err::read(&path).ok()?);
        match Cut::kept(&file) {
            Ok(cut) => Some(cut),
            Err(error) => {
                tracing::warn!("{path} is not used: {error}");
                let _ = fs_err::remove_file(&path);
                None
            }
        }
    }

    /// Keeps `cut`. Failing to keep it costs time, nothing else.
    pub fn save(&self, key: &Digest, cut: &Cut) {
        let part = self
            .root
            .join(format!("part-{}-{}", key.short(), std::process::id()));
        if let Err(error) = self.try_save(key, cut, &part) {
            tracing::warn!("cut {key} is not kept: {error}");
            // A full disk must not be kept full by what could not be kept.
            let _ = fs_err::remove_file(&part);
        }
    }

    fn try_save(&self, key: &Digest, cut: &Cut, part: &Utf8Path) -> std::io::Result<()> {
        fs_err::create_dir_all(&self.root)?;
        let mut out = std::io::BufWriter::new(fs_err::File::create(part)?);
        cut.keep(&mut out)?;
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        let path = self.root.join(key.hex());
        fs_err::rename(part, &path)?;
        bounded::evict(&self.root, MOST_BYTES, &path)
    }
}
