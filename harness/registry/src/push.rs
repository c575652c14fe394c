//! Pushing: blobs that are not there, then manifests by their raw bytes, then a look back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::{
    Descriptor, Index, MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST, MEDIA_INDEX, MEDIA_MANIFEST,
    Manifest, RawDocument,
};
use model::{Digest, Hasher};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::answer::unexpected;
use crate::authority::Action;
use crate::client::{Call, Client};
use crate::pull::header;
use crate::transport::authority;
use crate::upload::{Body, Sent};
use crate::{Fault, Pointer, Reference, RegistryError, Repository};

/// What was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest or index that the name points to now.
    pub digest: Digest,
    /// Blobs that were sent.
    pub uploaded: u64,
    /// Blobs that were there.
    pub present: u64,
}

/// What a push that failed leaves.
const LEFT: &str = "blobs that were sent stay at the registry until it collects them, and the name \
                    may point to what it pointed to before";

/// A layout's content in the order in which a registry takes it.
#[derive(Default)]
struct Content {
    blobs: BTreeMap<Digest, u64>,
    /// Those that others name come first.
    manifests: Vec<(String, RawDocument)>,
}

impl Client {
    /// Pushes what the index of the layout folder `layout` names, which is one manifest or one
    /// index, to `reference`: every byte as it lies there. The digest is read back and compared.
    pub async fn push(
        &self,
        layout: &Path,
        reference: &Reference,
    ) -> Result<Pushed, RegistryError> {
        let pushed = self.push_from(layout, reference).await;
        let attempted = || format!("pushing {} to {reference}", layout.display());
        pushed.map_err(|fault| fault.during(attempted(), LEFT))
    }

    async fn push_from(&self, layout: &Path, reference: &Reference) -> Result<Pushed, Fault> {
        let limits = &self.settings.limits;
        let index = layout.join("index.json");
        let bytes = fs_err::read(index).map_err(Fault::disk("the layout"))?;
        let index: Index = RawDocument::new(bytes).view("the layout's index")?;
        let [top] = &index.manifests[..] else {
            return Err(Fault::Document {
                what: "the layout".to_owned(),
                why: format!(
                    "it names {} images, and one is pushed",
                    index.manifests.len()
                ),
            });
        };
        if let Some(wanted) = reference.digest.filter(|wanted| *wanted != top.digest) {
            return Err(Fault::WrongDigest {
                what: "the layout's image".to_owned(),
                wanted,
                found: top.digest,
            });
        }
        let mut content = Content::default();
        content.collect(layout, top, limits.index_depth)?;
        let mut pushed = Pushed {
            digest: top.digest,
            uploaded: 0,
            present: 0,
        };
        for (digest, size) in &content.blobs {
            let path = blob(layout, *digest);
            match self
                .push_blob(&reference.repository, *digest, *size, &path)
                .await?
            {
                Sent::Uploaded => pushed.uploaded += 1,
                Sent::Present => pushed.present += 1,
            }
        }
        for (media_type, document) in &content.manifests {
            let pointer = if document.digest() == top.digest {
                reference.pointer()
            } else {
                Pointer::Digest(document.digest())
            };
            self.put_manifest(&reference.repository, &pointer, media_type, document)
                .await?;
        }
        let pointer = reference.pointer();
        let back = self.manifest(&reference.repository, &pointer).await?;
        let found = back.document.digest();
        if found != top.digest {
            return Err(Fault::WrongDigest {
                what: format!("{reference}, read back,"),
                wanted: top.digest,
                found,
            });
        }
        Ok(pushed)
    }

    /// Sends a blob of a layout, if it is not there; never one that is not what it is called.
    async fn push_blob(
        &self,
        repository: &Repository,
        digest: Digest,
        size: u64,
        path: &Path,
    ) -> Result<Sent, Fault> {
        let what = || format!("blob {} of the layout", digest.short());
        let (found, length) = hash(path).map_err(Fault::disk(what()))?;
        if length != size {
            return Err(Fault::WrongSize {
                what: what(),
                declared: size,
                found: length,
            });
        }
        if found != digest {
            return Err(Fault::WrongDigest {
                what: what(),
                wanted: digest,
                found,
            });
        }
        self.upload(repository, digest, Body::File { path, size })
            .await
    }

    /// Puts a manifest under a tag or its digest; whether the registry took note of its subject.
    pub(crate) async fn put_manifest(
        &self,
        repository: &Repository,
        pointer: &Pointer,
        media_type: &str,
        document: &RawDocument,
    ) -> Result<bool, Fault> {
        let url = self.address(repository, &format!("manifests/{pointer}"))?;
        let kind = HeaderValue::try_from(media_type).map_err(|_| Fault::Document {
            what: "the manifest".to_owned(),
            why: "its media type cannot stand in a header".to_owned(),
        })?;
        let call = Call {
            action: Action::Push,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, kind)]),
            within: self.settings.patience.document,
            body: Body::Bytes(document.bytes().clone()),
            ..self.ask(Method::PUT, url, repository)
        };
        let response = self.send(&call).await?;
        let status = response.status();
        if status != StatusCode::CREATED {
            let at = authority(&call.url);
            return Err(unexpected(&at, status, self.said(response).await));
        }
        let told = header(response.headers(), "docker-content-digest");
        let told = told.and_then(|text| text.parse().ok());
        if let Some(found) = told.filter(|found| *found != document.digest()) {
            return Err(Fault::WrongDigest {
                what: format!("{repository}:{pointer}, as the registry took it,"),
                wanted: document.digest(),
                found,
            });
        }
        Ok(response.headers().contains_key("oci-subject"))
    }
}

impl Content {
    /// Everything below what `named` names, its documents verified.
    fn collect(&mut self, layout: &Path, named: &Descriptor, depth: usize) -> Result<(), Fault> {
        let what = || format!("manifest {} of the layout", named.digest.short());
        let path = blob(layout, named.digest);
        let bytes = fs_err::read(path).map_err(Fault::disk(what()))?;
        let document = RawDocument::new(bytes);
        if document.digest() != named.digest {
            return Err(Fault::WrongDigest {
                what: what(),
                wanted: named.digest,
                found: document.digest(),
            });
        }
        match &*named.media_type {
            MEDIA_INDEX | MEDIA_DOCKER_LIST if depth > 0 => {
                let index: Index = document.view("an index")?;
                for child in &index.manifests {
                    self.collect(layout, child, depth - 1)?;
                }
            }
            MEDIA_MANIFEST | MEDIA_DOCKER_MANIFEST => {
                let manifest: Manifest = document.view("a manifest")?;
                for blob in std::iter::once(&manifest.config).chain(&manifest.layers) {
                    self.blobs.insert(blob.digest, blob.size);
                }
            }
            other => {
                return Err(Fault::Document {
                    what: what(),
                    why: format!("`{other}` is not pushed here, or not so deep"),
                });
            }
        }
        let known = |(_, other): &(String, RawDocument)| other.digest() == document.digest();
        if !self.manifests.iter().any(known) {
            self.manifests.push((named.media_type.clone(), document));
        }
        Ok(())
    }
}

fn blob(layout: &Path, digest: Digest) -> PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}

/// Digest and length of a file.
fn hash(path: &Path) -> std::io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let mut file = fs_err::File::open(path)?;
    let length = std::io::copy(&mut file, &mut hasher)?;
    Ok((hasher.finish(), length))
}
