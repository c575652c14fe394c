//! How an image's tree comes to lie on this host: a kept one is taken, or the image is unpacked.

use camino::{Utf8Path, Utf8PathBuf};
use engine::{Delivery, Residue, SessionError, TreeOrigin};
use model::Digest;

use super::Privilege;
use super::kept_trees::KeptTree;
use super::session::OciSession;
use super::view::remove_all;

/// What lies unpacked on this host.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) folder: Utf8PathBuf,
    /// Digest of what lay there right after unpacking.
    pub(super) digest: Digest,
    /// Paths.
    pub(super) entries: u64,
    /// Whether this session unpacked it.
    pub(super) origin: TreeOrigin,
    /// Keeps others from removing a kept tree.
    kept: Option<KeptTree>,
}

impl OciSession {
    /// Makes an image's tree lie on this host: takes a kept one, or unpacks it and keeps it.
    pub(super) async fn lay(&self, image: &Delivery) -> Result<Laid, SessionError> {
        let attempted = format!("unpack {}", image.label);
        let failed = |why: String| SessionError::environment(&attempted, why);
        let (manifest, tree) = (image.manifest, image.tree);
        if let Some(kept) = self.kept.clone() {
            let taken = blocking(move || Ok(kept.take(manifest, tree))).await;
            if let Some(kept) = taken.map_err(failed)? {
                return Ok(Laid::kept(kept, TreeOrigin::Kept));
            }
        }
        // A tree that may be kept is laid where it will stay: a move to another file system is a
        // copy.
        let part = self.kept.as_ref().map(|kept| {
            let name = format!(
                "{}-{}-{}",
                self.request.run, self.facts.platform, image.label
            );
            kept.part(&name)
        });
        let folder = match &part {
            None => self.scratch.join("trees").join(&image.label),
            Some(part) => {
                let intended = self.request.ledger.intend("folder", part.as_str());
                intended.map_err(|error| failed(error.to_string()))?;
                part.clone()
            }
        };
        let owners = match self.privilege {
            Privilege::Root => image::Owners::Keep,
            Privilege::Normal { .. } => image::Owners::Own,
        };
        let (layout, to) = (image.layout.clone(), folder.clone());
        let unpacked = blocking(move || unpack(&layout, manifest, &to, owners)).await;
        let unpacked = match unpacked {
            Ok(unpacked) => unpacked,
            Err(why) => return Err(self.clear_part(&folder, failed(why))),
        };
        if let (Some(kept), true) = (self.kept.clone(), unpacked.digest == tree) {
            let (from, laid) = (folder.clone(), (unpacked.digest, unpacked.entries));
            let kept = blocking(move || Ok(kept.keep(manifest, &from, unpacked.bytes, laid))).await;
            if let Some(kept) = kept.map_err(failed)? {
                let removed = self.request.ledger.removed(folder.as_str());
                removed.map_err(|error| failed(error.to_string()))?;
                return Ok(Laid::kept(kept, TreeOrigin::Made));
            }
        }
        Ok(Laid {
            folder,
            digest: unpacked.digest,
            entries: unpacked.entries,
            origin: TreeOrigin::Made,
            kept: None,
        })
    }

    /// Removes what could not be unpacked to its end, which a full disk needs most.
    fn clear_part(&self, folder: &Utf8Path, error: SessionError) -> SessionError {
        let announced = self.kept.is_some();
        let removed = announced && remove_all(folder).is_ok();
        if removed && self.request.ledger.removed(folder.as_str()).is_ok() {
            return error;
        }
        error.leaving(Residue::Removable(vec![folder.to_string()]))
    }

    /// Trees that lie outside the scratch folder and are not kept.
    pub(super) async fn loose(&self) -> Vec<Utf8PathBuf> {
        let trees = self.trees.lock().await;
        let own = trees.values().filter(|tree| tree.laid.kept.is_none());
        let mut loose: Vec<Utf8PathBuf> = own.map(|tree| tree.laid.folder.clone()).collect();
        loose.retain(|folder| !folder.starts_with(&self.scratch));
        loose.sort();
        loose.dedup();
        loose
    }
}

impl Laid {
    fn kept(kept: KeptTree, origin: TreeOrigin) -> Self {
        Self {
            folder: kept.root.clone(),
            digest: kept.digest,
            entries: kept.entries,
            origin,
            kept: Some(kept),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| error.to_string())
        .and_then(|done| done)
}

/// What was unpacked.
struct Unpacked {
    digest: Digest,
    entries: u64,
    bytes: u64,
}

/// Unpacks an image.
fn unpack(
    layout: &Utf8Path,
    manifest: Digest,
    to: &Utf8Path,
    owners: image::Owners,
) -> Result<Unpacked, String> {
    let host = model::Arch::host().ok_or("this architecture is unknown")?;
    let reference: image::Reference = layout.as_str().parse().map_err(told)?;
    let image =
        image::OciImage::open(&reference, host, &image::Limits::standard()).map_err(told)?;
    let found = image.manifest.digest();
    if found != manifest {
        return Err(format!("its manifest is {found} instead of {manifest}"));
    }
    image::unpack(&image.tree, to.as_std_path(), owners, TREE_TIME_S).map_err(told)?;
    let laid = image::rehash(to.as_std_path()).map_err(told)?;
    Ok(Unpacked {
        digest: laid.digest(),
        entries: laid.len() as u64,
        bytes: image.sizes().file_bytes,
    })
}

/// The error with its causes: `no space left` stands in the last one.
pub(super) fn told(error: image::ImageError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Time of paths whose layer records none.
const TREE_TIME_S: u64 = 0;
