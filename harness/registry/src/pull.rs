//! Pulling: a manifest by its bytes, everything it names by digest, a layout that appears whole.

use std::collections::BTreeMap;
use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use image::{
    Descriptor, ImageDocument, ImageError, Index, MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST,
    MEDIA_INDEX, MEDIA_MANIFEST, Manifest, NewLayout, REF_NAME, RawDocument,
};
use model::{Arch, Digest};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::answer::{body, unexpected};
use crate::client::Client;
use crate::transport::authority;
use crate::{Fault, Pointer, Reference, RegistryError, Repository};

/// What of an image is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Everything that the name points to: of an index every platform.
    Whole,
    /// The image for one architecture.
    One(Arch),
}

/// What was pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// What the name pointed to: an index or a manifest.
    pub digest: Digest,
    /// What the layout's index names: the same, or the one manifest wanted of an index.
    pub manifest: Digest,
}

/// A manifest or an index, by its bytes.
pub(crate) struct Fetched {
    pub(crate) document: RawDocument,
    pub(crate) media_type: String,
}

/// Blobs fetched side by side.
const AT_ONCE: usize = 3;

/// What a pull that failed leaves.
const LEFT: &str = "nothing is left here";

/// Media types that are asked for, in the order of preference.
const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

impl Client {
    /// Pulls the image into the layout folder `dir`, which must not exist or be empty: it appears
    /// whole, every blob verified, or not at all. The layout's index calls it `name`, if one is
    /// given. Whether layers are what the configuration says is for whoever opens the layout.
    pub async fn pull(
        &self,
        reference: &Reference,
        wanted: Wanted,
        dir: &Path,
        name: Option<&str>,
    ) -> Result<Pulled, RegistryError> {
        let pulled = self.pull_into(reference, wanted, dir, name).await;
        pulled.map_err(|fault| fault.during(format!("pulling {reference}"), LEFT))
    }

    async fn pull_into(
        &self,
        reference: &Reference,
        wanted: Wanted,
        dir: &Path,
        name: Option<&str>,
    ) -> Result<Pulled, Fault> {
        let layout = NewLayout::beside(dir)?;
        let pull = Pull {
            client: self,
            repository: &reference.repository,
            layout: &layout,
        };
        let pointer = reference.pointer();
        let top = self.manifest(&reference.repository, &pointer).await?;
        let digest = top.document.digest();
        let mut named = match wanted {
            Wanted::Whole => pull.everything(top).await?,
            Wanted::One(arch) => pull.one(top, arch).await?,
        };
        let manifest = named.digest;
        named.annotations =
            name.map(|name| BTreeMap::from([(REF_NAME.to_owned(), name.to_owned())]));
        layout.finish(&Index::naming(vec![named])?)?;
        Ok(Pulled { digest, manifest })
    }

    /// The manifest or index that `pointer` means, its digest verified where one is known.
    pub(crate) async fn manifest(
        &self,
        repository: &Repository,
        pointer: &Pointer,
    ) -> Result<Fetched, Fault> {
        let what = match pointer {
            Pointer::Tag(tag) => format!("{repository}:{tag}"),
            Pointer::Digest(digest) => format!("{repository}@{digest}"),
        };
        let url = self.address(repository, &format!("manifests/{pointer}"))?;
        let mut call = self.ask(Method::GET, url, repository);
        call.headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(ACCEPTED))]);
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                let said = self.said(response).await;
                return Err(Fault::NotFound { what, said });
            }
            status => {
                let at = authority(&call.url);
                return Err(unexpected(&at, status, self.said(response).await));
            }
        }
        let told = header(response.headers(), CONTENT_TYPE.as_str());
        let promised = header(response.headers(), "docker-content-digest");
        let limit = self.settings.limits.document_bytes;
        let within = self.settings.patience.document;
        let document = RawDocument::new(body(response, &what, limit, within).await?);
        let found = document.digest();
        let promised = promised.and_then(|text| text.parse().ok());
        let known = match pointer {
            Pointer::Digest(digest) => Some(*digest),
            Pointer::Tag(_) => promised,
        };
        if let Some(wanted) = known.filter(|wanted| *wanted != found) {
            return Err(Fault::WrongDigest {
                what,
                wanted,
                found,
            });
        }
        let media_type = media_type(&document, told.as_deref(), &what)?;
        Ok(Fetched {
            document,
            media_type,
        })
    }
}

/// One pull.
struct Pull<'a> {
    client: &'a Client,
    repository: &'a Repository,
    layout: &'a NewLayout,
}

impl Pull<'_> {
    /// Everything below `top`; what the layout's index says of it.
    async fn everything(&self, top: Fetched) -> Result<Descriptor, Fault> {
        let named = descriptor(&top);
        let mut waiting = vec![(top, 0)];
        let mut looked_at = 0;
        let limits = &self.client.settings.limits;
        let mut platform = None;
        while let Some((fetched, depth)) = waiting.pop() {
            looked_at += 1;
            exceeds("the image", looked_at, limits.manifests, "manifests")?;
            if !fetched.is_index() {
                let of_image = self.image(&fetched.document).await?;
                platform = of_image.filter(|_| depth == 0);
                continue;
            }
            exceeds(
                "the nesting of indexes",
                depth,
                limits.index_depth,
                "levels",
            )?;
            let index: Index = fetched.document.view("an index")?;
            let all = looked_at + waiting.len() + index.manifests.len();
            exceeds("the image", all, limits.manifests, "manifests")?;
            for child in &index.manifests {
                let found = self.manifest(child).await?;
                waiting.push((found, depth + 1));
            }
            self.put(&fetched.document)?;
        }
        Ok(Descriptor { platform, ..named })
    }

    /// The image for `arch`.
    async fn one(&self, top: Fetched, arch: Arch) -> Result<Descriptor, Fault> {
        let mut fetched = top;
        let limits = &self.client.settings.limits;
        let mut depth = 0;
        while fetched.is_index() {
            exceeds(
                "the nesting of indexes",
                depth,
                limits.index_depth,
                "levels",
            )?;
            let index: Index = fetched.document.view("an index")?;
            let child = choose(&index, arch)?;
            fetched = self.manifest(child).await?;
            depth += 1;
        }
        let platform = self.image(&fetched.document).await?;
        Ok(Descriptor {
            platform,
            ..descriptor(&fetched)
        })
    }

    /// A manifest that another document names.
    async fn manifest(&self, named: &Descriptor) -> Result<Fetched, Fault> {
        let pointer = Pointer::Digest(named.digest);
        let fetched = self.client.manifest(self.repository, &pointer).await?;
        if fetched.document.size() != named.size {
            return Err(Fault::WrongSize {
                what: format!("manifest {}", named.digest.short()),
                declared: named.size,
                found: fetched.document.size(),
            });
        }
        Ok(fetched)
    }

    /// Fetches what a manifest names, then keeps the manifest; the platform that its configuration
    /// tells, if it is an image's.
    async fn image(&self, document: &RawDocument) -> Result<Option<image::Platform>, Fault> {
        let limits = &self.client.settings.limits;
        let manifest: Manifest = document.view("the manifest")?;
        exceeds("the image", manifest.layers.len(), limits.layers, "layers")?;
        let config = &manifest.config;
        if config.size > limits.document_bytes {
            return Err(Fault::TooLarge {
                what: "the configuration".to_owned(),
                limit: limits.document_bytes,
            });
        }
        let sizes = manifest.layers.iter().map(|layer| layer.size);
        let whole = sizes.fold(0, u64::saturating_add);
        if whole > limits.image_bytes {
            return Err(Fault::TooLarge {
                what: "the image".to_owned(),
                limit: limits.image_bytes,
            });
        }
        let mut blobs: Vec<&Descriptor> = std::iter::once(config).chain(&manifest.layers).collect();
        blobs.sort_by_key(|blob| blob.digest);
        blobs.dedup_by_key(|blob| blob.digest);
        let fetching = blobs.into_iter().map(|blob| async move {
            let path = self.layout.blob(blob.digest);
            // Images of one index share layers; what is there was verified.
            if path.is_file() {
                return Ok(());
            }
            let partial = path.with_extension("part");
            let client = self.client;
            client.download(self.repository, blob, &partial).await?;
            let told = Fault::disk(format!("blob {}", blob.digest.short()));
            fs_err::rename(&partial, &path).map_err(told)
        });
        let done = futures::stream::iter(fetching).buffer_unordered(AT_ONCE);
        done.try_collect::<()>().await?;
        self.put(document)?;
        let path = self.layout.blob(config.digest);
        let bytes = fs_err::read(path).map_err(Fault::disk("the configuration"))?;
        let config = RawDocument::new(bytes);
        let image = config.view::<ImageDocument>("the configuration");
        Ok(image.ok().map(|image| image.platform()))
    }

    fn put(&self, document: &RawDocument) -> Result<(), Fault> {
        let bytes: &[u8] = document.bytes();
        Ok(self.layout.put(document.digest(), &[bytes])?)
    }
}

impl Fetched {
    fn is_index(&self) -> bool {
        matches!(&*self.media_type, MEDIA_INDEX | MEDIA_DOCKER_LIST)
    }
}

fn descriptor(of: &Fetched) -> Descriptor {
    let document = &of.document;
    Descriptor::new(&of.media_type, document.digest(), document.size())
}

/// The image for `arch` in an index. Attestations and other artifacts are none.
fn choose(index: &Index, arch: Arch) -> Result<&Descriptor, Fault> {
    let is_attached = |one: &&Descriptor| {
        let annotations = one.annotations.as_ref();
        annotations.is_some_and(|all| all.contains_key("vnd.docker.reference.type"))
    };
    let images = index.manifests.iter().filter(|one| !is_attached(one));
    let images: Vec<&Descriptor> = images.collect();
    let is_for = |one: &&&Descriptor| {
        let platform = one.platform.as_ref();
        platform.is_some_and(|platform| platform.arch() == Some(arch))
    };
    let mut fitting: Vec<&Descriptor> = images.iter().filter(is_for).copied().collect();
    fitting.dedup_by_key(|one| one.digest);
    // An index that only leads to another one.
    if let ([only], true) = (&images[..], fitting.is_empty())
        && matches!(&*only.media_type, MEDIA_INDEX | MEDIA_DOCKER_LIST)
    {
        return Ok(only);
    }
    match fitting[..] {
        [only] => Ok(only),
        [] => {
            let named = |one: &&Descriptor| {
                one.platform
                    .as_ref()
                    .map(|of| format!("{}/{}", of.os, of.architecture))
            };
            let there: Vec<String> = images.iter().filter_map(named).collect();
            Err(Fault::Image(ImageError::NoPlatform {
                wanted: arch,
                there: there.join(", "),
            }))
        }
        _ => Err(Fault::Document {
            what: "the index".to_owned(),
            why: format!("it names several images for {arch}; name one by its digest"),
        }),
    }
}

/// What a document says of its own kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    config: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    layers: Option<serde::de::IgnoredAny>,
}

/// The media type of a manifest: what the server tells, if the document does not contradict it.
/// A document that could be read as two kinds is refused (CVE-2021-41190).
fn media_type(document: &RawDocument, told: Option<&str>, what: &str) -> Result<String, Fault> {
    let refuse = |why: String| Fault::Document {
        what: what.to_owned(),
        why,
    };
    let kind: Kind = document.view("the manifest")?;
    if kind.schema_version != 2 {
        return Err(refuse(format!(
            "its schema version is {}, and only 2 is read",
            kind.schema_version
        )));
    }
    let is_index = kind.manifests.is_some();
    let is_manifest = kind.config.is_some() || kind.layers.is_some();
    if is_index == is_manifest {
        return Err(refuse("it is not either an index or a manifest".to_owned()));
    }
    let known = |text: &&str| {
        matches!(
            *text,
            MEDIA_INDEX | MEDIA_MANIFEST | MEDIA_DOCKER_LIST | MEDIA_DOCKER_MANIFEST
        )
    };
    let told = told.map(|text| text.split(';').next().unwrap_or(text).trim());
    let own = kind.media_type.as_deref();
    let media_type = match (told.filter(known), own) {
        (Some(told), Some(own)) if told != own => {
            return Err(refuse(format!(
                "the server calls it {told}, it calls itself {own}"
            )));
        }
        (Some(said), _) | (None, Some(said)) => said,
        (None, None) if is_index => MEDIA_INDEX,
        (None, None) => MEDIA_MANIFEST,
    };
    if !known(&media_type) {
        return Err(refuse(format!("it calls itself {media_type}")));
    }
    if matches!(media_type, MEDIA_INDEX | MEDIA_DOCKER_LIST) != is_index {
        return Err(refuse(format!("it is called {media_type} and is none")));
    }
    Ok(media_type.to_owned())
}

/// A header's text.
pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

fn exceeds(what: &str, value: usize, limit: usize, unit: &'static str) -> Result<(), Fault> {
    if value <= limit {
        return Ok(());
    }
    Err(Fault::Image(ImageError::Limit {
        what: what.to_owned(),
        limit: limit as u64,
        unit,
    }))
}
