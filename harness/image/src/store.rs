//! Where documents and blobs lie: a folder, or an archive taken as a tree.

use std::io::Read as _;
use std::path::PathBuf;

use bytes::Bytes;
use fs_err as fs;
use rootfs::Tree;

use crate::document::{Descriptor, RawDocument};
use crate::layer::{Budget, decompress, exceeds, read_layer};
use crate::{ImageError, Limits, Reference};

/// The named contents of a layout or archive.
pub(crate) enum Store {
    Folder(PathBuf),
    /// Links inside the archive are followed inside it, as old `docker save` archives need.
    Archive(Box<Tree>),
}

impl Store {
    pub(crate) fn open(reference: &Reference, limits: &Limits) -> Result<Self, ImageError> {
        let path = reference.path();
        let shown = || path.display().to_string();
        let meta = fs::metadata(path).map_err(ImageError::io(format!("image `{}`", shown())))?;
        if meta.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if !meta.is_file() {
            return Err(ImageError::NoImage(shown()));
        }
        // An archive that is itself compressed counts as one more layer here.
        let limits = Limits {
            layer_bytes: limits.image_bytes,
            depth: limits.depth.max(8),
            ..limits.clone()
        };
        let what = format!("archive `{}`", shown());
        let stored = read_limited(path.to_owned(), limits.image_bytes, &what)?;
        let plain = decompress(&stored, 0, &limits)?;
        let layer = read_layer(&plain, 0, &mut Budget::new(&limits))?;
        let mut tree = Tree::new();
        tree.overlay(&layer);
        Ok(Self::Archive(Box::new(tree)))
    }

    /// The bytes called `name` (relative); none if there is no such file.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Option<Bytes>, ImageError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                match fs::metadata(&path) {
                    Ok(meta) if meta.is_file() => read_limited(path, limit, name).map(Some),
                    Ok(_) => Ok(None),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(ImageError::io(name)(error)),
                }
            }
            Self::Archive(tree) => {
                let found = tree.read(&format!("/{name}"));
                let Some(bytes) = found.and_then(|blob| blob.bytes()) else {
                    return Ok(None);
                };
                exceeds(format!("`{name}`"), bytes.len() as u64, limit, "bytes")?;
                Ok(Some(bytes.clone()))
            }
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).is_file(),
            Self::Archive(tree) => tree.read(&format!("/{name}")).is_some(),
        }
    }

    /// The blob a descriptor points to, its size and digest verified.
    pub(crate) fn blob(
        &self,
        descriptor: &Descriptor,
        what: &str,
        limit: u64,
    ) -> Result<RawDocument, ImageError> {
        let what = || format!("{what} {}", descriptor.digest.short());
        exceeds(what(), descriptor.size, limit, "bytes")?;
        let name = format!("blobs/sha256/{}", descriptor.digest.hex());
        let bytes = self.read(&name, limit)?;
        let bytes = bytes.ok_or_else(|| ImageError::Absent { what: what() })?;
        let found = bytes.len() as u64;
        if found != descriptor.size {
            return Err(ImageError::WrongSize {
                what: what(),
                declared: descriptor.size,
                found,
            });
        }
        let document = RawDocument::new(bytes);
        if document.digest() != descriptor.digest {
            return Err(ImageError::WrongDigest {
                what: what(),
                declared: descriptor.digest,
                found: document.digest(),
            });
        }
        Ok(document)
    }
}

fn read_limited(path: PathBuf, limit: u64, what: &str) -> Result<Bytes, ImageError> {
    let file = fs::File::open(path).map_err(ImageError::io(what))?;
    let size = file.metadata().map_err(ImageError::io(what))?.len();
    exceeds(what, size, limit, "bytes")?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    let mut reader = file.take(limit.saturating_add(1));
    reader
        .read_to_end(&mut bytes)
        .map_err(ImageError::io(what))?;
    exceeds(what, bytes.len() as u64, limit, "bytes")?;
    Ok(bytes.into())
}
