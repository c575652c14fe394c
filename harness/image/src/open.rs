//! Reading an image: every digest verified, every layer read, all of them merged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use model::{Arch, Digest};
use rayon::prelude::*;
use rootfs::{Layer, Oddity, Tree};

use crate::choose::{Candidate, LayerSource, candidates, choose};
use crate::document::{
    Descriptor, ImageDocument, MEDIA_DOCKER_LAYER, MEDIA_LAYER, MEDIA_LAYER_GZIP, MEDIA_LAYER_ZSTD,
    Manifest, Platform, RawDocument, RuntimeSection, invalid,
};
use crate::layer::{Budget, Compression, decompress, exceeds, read_layer};
use crate::store::Store;
use crate::{ImageError, Limits, Reference};

/// An image for one architecture, wholly read and verified.
#[derive(Debug, Clone)]
pub struct OciImage {
    /// Where it was read from.
    pub source: String,
    /// Its architecture.
    pub arch: Arch,
    /// The manifest, whose digest is the image's identity. For a `docker save` archive, which has
    /// none, one made from its parts.
    pub manifest: RawDocument,
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
        let name = match reference {
            Reference::Layout { name, .. } => name.as_deref(),
            Reference::Archive { .. } => None,
        };
        let found = choose(candidates(&store, &shown, limits)?, arch, name, &shown)?;
        read(&store, found, arch, shown, limits)
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
            let stored = match &found.layers {
                LayerSource::Named(layers) => layers[number].clone(),
                LayerSource::Blobs => store
                    .blob(descriptor, "layer", limits.stored_bytes)?
                    .bytes()
                    .clone(),
            };
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
