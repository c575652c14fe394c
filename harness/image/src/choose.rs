//! Choosing one image out of what a layout or archive holds.

use bytes::Bytes;
use model::{Arch, Digest};
use serde::Deserialize;

use crate::document::{
    Descriptor, ImageDocument, Index, MEDIA_CONFIG, MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST,
    MEDIA_INDEX, MEDIA_LAYER, MEDIA_LAYER_GZIP, MEDIA_LAYER_ZSTD, MEDIA_MANIFEST, Manifest,
    Platform, REF_NAME, RawDocument, invalid,
};
use crate::layer::{Compression, exceeds};
use crate::store::Store;
use crate::{ImageError, Limits};

/// A manifest with its configuration, both verified, and where its layers' bytes are.
pub(crate) struct Candidate {
    /// Every name it has there.
    pub(crate) names: Vec<String>,
    pub(crate) manifest: RawDocument,
    pub(crate) config: RawDocument,
    pub(crate) platform: Platform,
    pub(crate) layers: LayerSource,
}

/// How to get at layers.
pub(crate) enum LayerSource {
    /// By digest, from the store.
    Blobs,
    /// From `docker save`: by name; the manifest is ours and its digests are computed.
    Named(Vec<Bytes>),
}

const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

/// Every image of the store. Signatures, attestations and other artifacts are none.
pub(crate) fn candidates(
    store: &Store,
    shown: &str,
    limits: &Limits,
) -> Result<Vec<Candidate>, ImageError> {
    if store.has("index.json") {
        let index = store.read("index.json", limits.document_bytes)?;
        let index = RawDocument::new(index.unwrap_or_default());
        let mut found = Walk {
            store,
            limits,
            manifests: 0,
            found: Vec::new(),
        };
        found.index(&index, None, 0)?;
        return Ok(found.found);
    }
    match store.read("manifest.json", limits.document_bytes)? {
        Some(list) => saved(store, &RawDocument::new(list), limits),
        None => Err(ImageError::NoImage(shown.to_owned())),
    }
}

/// The image for `arch`, called `name` if a name is given.
pub(crate) fn choose(
    candidates: Vec<Candidate>,
    arch: Arch,
    name: Option<&str>,
    shown: &str,
) -> Result<Candidate, ImageError> {
    let refuse = |why: String| ImageError::Reference {
        reference: shown.to_owned(),
        why,
    };
    let is_named = |c: &Candidate| name.is_none_or(|name| c.names.iter().any(|n| n == name));
    let named: Vec<Candidate> = candidates.into_iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(refuse("holds no such image".to_owned()));
    }
    let platforms: Vec<String> = named.iter().map(|c| c.platform.text()).collect();
    let mut fitting: Vec<Candidate> = named
        .into_iter()
        .filter(|candidate| candidate.platform.arch() == Some(arch))
        .collect();
    fitting.dedup_by_key(|candidate| candidate.manifest.digest());
    if fitting.len() > 1 {
        let names: Vec<&str> = fitting
            .iter()
            .flat_map(|c| &c.names)
            .map(|n| &**n)
            .collect();
        let names = names.join(", ");
        return Err(refuse(format!(
            "holds several images for {arch}; name one of: {names}"
        )));
    }
    fitting.pop().ok_or_else(|| ImageError::NoPlatform {
        wanted: arch,
        there: platforms.join(", "),
    })
}

struct Walk<'a> {
    store: &'a Store,
    limits: &'a Limits,
    manifests: usize,
    found: Vec<Candidate>,
}

impl Walk<'_> {
    fn index(
        &mut self,
        document: &RawDocument,
        name: Option<&str>,
        depth: usize,
    ) -> Result<(), ImageError> {
        let limit = self.limits.index_depth as u64;
        exceeds("the nesting of indexes", depth as u64, limit, "levels")?;
        let index: Index = document.view("an index")?;
        if index.schema_version != 2 {
            return Err(invalid("an index", "its schema version is not 2"));
        }
        for descriptor in index.manifests {
            self.manifests += 1;
            let limit = self.limits.manifests as u64;
            exceeds("the image", self.manifests as u64, limit, "manifests")?;
            let annotation = |key: &str| descriptor.annotations.as_ref()?.get(key).cloned();
            let own = annotation(REF_NAME);
            let name = own.as_deref().or(name);
            let is_attached = annotation("vnd.docker.reference.type").is_some();
            match &*descriptor.media_type {
                MEDIA_INDEX | MEDIA_DOCKER_LIST => {
                    let limit = self.limits.document_bytes;
                    let nested = self.store.blob(&descriptor, "index", limit)?;
                    self.index(&nested, name, depth + 1)?;
                }
                MEDIA_MANIFEST | MEDIA_DOCKER_MANIFEST if !is_attached => {
                    self.manifest(&descriptor, name)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn manifest(&mut self, found: &Descriptor, name: Option<&str>) -> Result<(), ImageError> {
        let limit = self.limits.document_bytes;
        // A layout may hold some platforms of an index only; the others are simply not there.
        let manifest = match self.store.blob(found, "manifest", limit) {
            Err(ImageError::Absent { .. }) if found.platform.is_some() => return Ok(()),
            other => other?,
        };
        let view: Manifest = manifest.view("a manifest")?;
        if view.schema_version != 2 {
            return Err(invalid("a manifest", "its schema version is not 2"));
        }
        if !matches!(&*view.config.media_type, MEDIA_CONFIG | DOCKER_CONFIG) {
            return Ok(());
        }
        let config = self.store.blob(&view.config, "configuration", limit)?;
        let document: ImageDocument = config.view("a configuration")?;
        self.found.push(Candidate {
            names: name.map(str::to_owned).into_iter().collect(),
            manifest,
            platform: document.platform(),
            config,
            layers: LayerSource::Blobs,
        });
        Ok(())
    }
}

/// One image of a `docker save` archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

fn saved(store: &Store, list: &RawDocument, limits: &Limits) -> Result<Vec<Candidate>, ImageError> {
    let list: Vec<Saved> = list.view("manifest.json")?;
    exceeds(
        "the archive",
        list.len() as u64,
        limits.manifests as u64,
        "images",
    )?;
    list.iter()
        .map(|one| saved_image(store, one, limits))
        .collect()
}

fn saved_image(store: &Store, one: &Saved, limits: &Limits) -> Result<Candidate, ImageError> {
    exceeds(
        "the image",
        one.layers.len() as u64,
        limits.layers as u64,
        "layers",
    )?;
    let read = |name: &str, limit: u64| {
        let bytes = store.read(name, limit)?;
        bytes.ok_or_else(|| ImageError::Absent {
            what: format!("`{name}`"),
        })
    };
    let config = RawDocument::new(read(&one.config, limits.document_bytes)?);
    let document: ImageDocument = config.view("a configuration")?;
    let stored = one
        .layers
        .iter()
        .map(|name| read(name, limits.stored_bytes));
    let stored: Vec<Bytes> = stored.collect::<Result<_, _>>()?;
    let describe = |media_type: &str, bytes: &Bytes| {
        Descriptor::new(media_type, Digest::of(bytes), bytes.len() as u64)
    };
    let layer = |bytes: &Bytes| match Compression::of(bytes) {
        Compression::None => describe(MEDIA_LAYER, bytes),
        Compression::Gzip => describe(MEDIA_LAYER_GZIP, bytes),
        Compression::Zstd => describe(MEDIA_LAYER_ZSTD, bytes),
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: MEDIA_MANIFEST.to_owned(),
        artifact_type: None,
        config: describe(MEDIA_CONFIG, config.bytes()),
        layers: stored.iter().map(layer).collect(),
        subject: None,
        annotations: None,
    };
    Ok(Candidate {
        names: one.repo_tags.clone().unwrap_or_default(),
        manifest: RawDocument::of("the manifest", &manifest)?,
        platform: document.platform(),
        config,
        layers: LayerSource::Named(stored),
    })
}
