//! Reading an image: every digest verified, every layer read, all of them merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use model::{Arch, Digest};
use rayon::prelude::*;
use rootfs::{Layer, Oddity, Tree};

use crate::choose::{Candidate, LayerSource, candidates, choose};
use crate::document::{
    Descriptor, ImageDocument, Index, MEDIA_DOCKER_LAYER, MEDIA_LAYER, MEDIA_LAYER_GZIP,
    MEDIA_LAYER_ZSTD, MEDIA_MANIFEST, Manifest, Platform, RawDocument, RuntimeSection, invalid,
};
use crate::layer::{Budget, Compression, decompress, exceeds, read_layer};
use crate::store::Store;
use crate::write::NewLayout;
use crate::{ImageError, Limits, Reference};

/// An image for one architecture, wholly read and verified.
#[derive(Debug, Clone)]
pub struct OciImage {
    /// Where it was read from.
    pub source: String,
    /// Its architecture.
    pub arch: Arch,
    /// The manifest, whose digest is the image's identity.
    pub manifest: RawDocument,
    /// Where the manifest came from.
    pub manifest_origin: ManifestOrigin,
    /// The configuration.
    pub config: RawDocument,
    /// What the configuration says.
    pub document: ImageDocument,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The layers, lowest first.
    pub layers: Vec<ImageLayer>,
    /// What a container sees: all layers merged.
    pub tree: Tree,
    /// What is odd about it, by layer.
    pub oddities: Vec<(usize, Oddity)>,
}

/// Where the manifest of an image came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestOrigin {
    /// It was there.
    Found,
    /// A `docker save` archive has none: it was made here from the archive's parts, so the image's
    /// identity is its configuration's digest, which names every layer's content.
    Made,
}

/// One layer of an image.
#[derive(Debug, Clone)]
pub struct ImageLayer {
    /// Digest as stored.
    pub digest: Digest,
    /// Media type as declared.
    pub media_type: String,
    /// Compression as found.
    pub compression: Compression,
    /// Length as stored.
    pub stored_bytes: u64,
    /// Digest of the tar bytes.
    pub diff_id: Digest,
    /// Length of the tar bytes.
    pub tar_bytes: u64,
    /// What it holds.
    pub layer: Layer,
}

/// How large an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Number of layers.
    pub layers: u64,
    /// Sum of the layers as stored: what is downloaded.
    pub stored_bytes: u64,
    /// Sum of the layers' tar bytes.
    pub tar_bytes: u64,
    /// Regular files of the merged tree.
    pub files: u64,
    /// Sum of their bytes.
    pub file_bytes: u64,
    /// All entries of the merged tree.
    pub entries: u64,
}

impl OciImage {
    /// Reads the image for `arch` at `reference`.
    pub fn open(reference: &Reference, arch: Arch, limits: &Limits) -> Result<Self, ImageError> {
        let shown = reference.to_string();
        let store = Store::open(reference, limits)?;
        let name = reference.name();
        let found = choose(candidates(&store, &shown, limits)?, arch, name, &shown)?;
        read(&store, found, arch, shown, limits)
    }

    /// Copies the image for `arch` at `reference`, and nothing else of what is there, into the layout
    /// folder `dir`, which must not exist or be empty; it appears whole and verified, or not at
    /// all. The same image gives the same bytes from wherever its manifest is read.
    pub fn import(
        reference: &Reference,
        arch: Arch,
        limits: &Limits,
        dir: &Path,
    ) -> Result<Self, ImageError> {
        let shown = reference.to_string();
        let store = Store::open(reference, limits)?;
        let all = candidates(&store, &shown, limits)?;
        let found = choose(all, arch, reference.name(), &shown)?;
        let layout = NewLayout::beside(dir)?;
        let manifest: Manifest = found.manifest.view("the manifest")?;
        let layers = manifest.layers.len() as u64;
        exceeds("the image", layers, limits.layers as u64, "layers")?;
        for (number, descriptor) in manifest.layers.iter().enumerate() {
            let bytes = stored(&store, &found.layers, (number, descriptor), limits)?;
            layout.put(descriptor.digest, &[&bytes])?;
        }
        for document in [&found.config, &found.manifest] {
            layout.put(document.digest(), &[document.bytes()])?;
        }
        let named = pointer(&found.manifest, Some(found.platform.clone()))?;
        let index = Index::naming(vec![named])?;
        let image = read(&store, found, arch, shown, limits)?;
        layout.finish(&index)?;
        Ok(image)
    }

    /// The platforms there are images for at `reference`, in the order of the index.
    pub fn platforms(reference: &Reference, limits: &Limits) -> Result<Vec<Platform>, ImageError> {
        let store = Store::open(reference, limits)?;
        let all = candidates(&store, &reference.to_string(), limits)?;
        Ok(all
            .into_iter()
            .map(|candidate| candidate.platform)
            .collect())
    }

    /// How a container of it runs; an absent section is an empty one.
    pub fn runtime(&self) -> RuntimeSection {
        self.document.config.clone().unwrap_or(RuntimeSection {
            user: None,
            exposed_ports: None,
            env: None,
            entrypoint: None,
            cmd: None,
            volumes: None,
            working_dir: None,
            labels: None,
            stop_signal: None,
            healthcheck: None,
            on_build: None,
            shell: None,
        })
    }

    /// How large it is.
    pub fn sizes(&self) -> Sizes {
        let totals = self.tree.totals();
        Sizes {
            layers: self.layers.len() as u64,
            stored_bytes: self.layers.iter().map(|layer| layer.stored_bytes).sum(),
            tar_bytes: self.layers.iter().map(|layer| layer.tar_bytes).sum(),
            files: totals.files,
            file_bytes: totals.bytes,
            entries: totals.entries(),
        }
    }
}

fn read(
    store: &Store,
    found: Candidate,
    arch: Arch,
    source: String,
    limits: &Limits,
) -> Result<OciImage, ImageError> {
    let manifest: Manifest = found.manifest.view("the manifest")?;
    let document: ImageDocument = found.config.view("the configuration")?;
    if document.platform().arch() != Some(arch) {
        return Err(ImageError::WrongPlatform {
            wanted: arch,
            found: document.platform().text(),
        });
    }
    if document.rootfs.r#type != "layers" {
        return Err(invalid(
            "the configuration",
            "its root file system has no layers",
        ));
    }
    let diff_ids = &document.rootfs.diff_ids;
    exceeds(
        "the image",
        manifest.layers.len() as u64,
        limits.layers as u64,
        "layers",
    )?;
    if manifest.layers.len() != diff_ids.len() {
        return Err(ImageError::LayerCount {
            layers: manifest.layers.len(),
            diff_ids: diff_ids.len(),
        });
    }
    let plain = plain_layers(store, &found, &manifest, diff_ids, limits)?;
    let mut image = OciImage {
        source,
        arch,
        annotations: manifest.annotations.clone().unwrap_or_default(),
        manifest_origin: match &found.layers {
            LayerSource::Blobs => ManifestOrigin::Found,
            LayerSource::Named(_) => ManifestOrigin::Made,
        },
        manifest: found.manifest,
        config: found.config,
        layers: Vec::new(),
        tree: Tree::new(),
        oddities: Vec::new(),
        document,
    };
    merge(&mut image, &manifest, plain, limits)?;
    Ok(image)
}

/// What an index says of `manifest`, an image for `platform`.
pub fn pointer(
    manifest: &RawDocument,
    platform: Option<Platform>,
) -> Result<Descriptor, ImageError> {
    let view: Manifest = manifest.view("the manifest")?;
    let media_type = match &*view.media_type {
        "" => MEDIA_MANIFEST,
        said => said,
    };
    Ok(Descriptor {
        platform,
        ..Descriptor::new(media_type, manifest.digest(), manifest.size())
    })
}

/// The bytes of a layer as stored, verified.
fn stored(
    store: &Store,
    layers: &LayerSource,
    (number, descriptor): (usize, &Descriptor),
    limits: &Limits,
) -> Result<Bytes, ImageError> {
    match layers {
        LayerSource::Named(layers) => Ok(layers[number].clone()),
        LayerSource::Blobs => {
            let blob = store.blob(descriptor, "layer", limits.stored_bytes)?;
            Ok(blob.bytes().clone())
        }
    }
}

/// The tar bytes of all layers, verified, decompressed in parallel.
fn plain_layers(
    store: &Store,
    found: &Candidate,
    manifest: &Manifest,
    diff_ids: &[Digest],
    limits: &Limits,
) -> Result<Vec<(Compression, Bytes)>, ImageError> {
    let total = AtomicU64::new(0);
    let layers = manifest.layers.par_iter().zip(diff_ids).enumerate();
    layers
        .map(|(number, (descriptor, diff_id))| {
            let stored = stored(store, &found.layers, (number, descriptor), limits)?;
            plain(number, descriptor, &stored, *diff_id, limits, &total)
        })
        .collect()
}

/// Reads the layers and lays each over those below it.
fn merge(
    image: &mut OciImage,
    manifest: &Manifest,
    plain: Vec<(Compression, Bytes)>,
    limits: &Limits,
) -> Result<(), ImageError> {
    let mut budget = Budget::new(limits);
    for (number, (compression, bytes)) in plain.into_iter().enumerate() {
        budget.take_bytes(bytes.len() as u64)?;
        let layer = read_layer(&bytes, number, &mut budget)?;
        let late = image.tree.overlay(&layer);
        let descriptor = &manifest.layers[number];
        let odd = layer.oddities.iter().cloned().chain(late);
        let odd = odd.chain(disguise(descriptor, compression));
        image.oddities.extend(odd.map(|oddity| (number, oddity)));
        image.layers.push(ImageLayer {
            digest: descriptor.digest,
            media_type: descriptor.media_type.clone(),
            compression,
            stored_bytes: descriptor.size,
            diff_id: image.document.rootfs.diff_ids[number],
            tar_bytes: bytes.len() as u64,
            layer,
        });
    }
    Ok(())
}

/// A layer's tar bytes, verified against its diff id; `total` counts over all layers.
fn plain(
    number: usize,
    descriptor: &Descriptor,
    stored: &Bytes,
    diff_id: Digest,
    limits: &Limits,
    total: &AtomicU64,
) -> Result<(Compression, Bytes), ImageError> {
    if declared(&descriptor.media_type).is_none() {
        return Err(ImageError::MediaType(descriptor.media_type.clone()));
    }
    let left = limits
        .image_bytes
        .saturating_sub(total.load(Ordering::Relaxed));
    let limits = Limits {
        layer_bytes: limits.layer_bytes.min(left),
        ..limits.clone()
    };
    let bytes = decompress(stored, number, &limits)?;
    total.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let found = Digest::of(&bytes);
    if found != diff_id {
        return Err(ImageError::WrongDigest {
            what: format!("layer {number}, decompressed,"),
            declared: diff_id,
            found,
        });
    }
    Ok((Compression::of(stored), bytes))
}

/// The compression that a media type declares; none for a type that is no layer.
fn declared(media_type: &str) -> Option<Compression> {
    let tail = media_type
        .strip_prefix("application/vnd.oci.image.layer.nondistributable.v1.tar")
        .or(media_type.strip_prefix(MEDIA_LAYER));
    match (media_type, tail) {
        (MEDIA_LAYER_GZIP | MEDIA_DOCKER_LAYER, _) | (_, Some("+gzip")) => Some(Compression::Gzip),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", _) => Some(Compression::Gzip),
        (MEDIA_LAYER_ZSTD, _) | (_, Some("+zstd")) => Some(Compression::Zstd),
        (_, Some("")) => Some(Compression::None),
        _ => None,
    }
}

/// What is odd about a layer's media type: foreign, or not what the bytes are.
fn disguise(descriptor: &Descriptor, found: Compression) -> Option<Oddity> {
    let kind = &descriptor.media_type;
    let what = if kind.contains("nondistributable") || kind.contains("foreign") {
        "a foreign layer".to_owned()
    } else if declared(kind) != Some(found) {
        format!("declared `{kind}`, found {found:?}")
    } else {
        return None;
    };
    let path = format!("layer {}", descriptor.digest.short()).into();
    Some(Oddity { path, what })
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
