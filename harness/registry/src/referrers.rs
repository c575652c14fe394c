//! Referrers: manifests that say something about another one.
//!
//! Source: distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema". A
//! registry without the interface (404) keeps them in an index under the tag `sha256-HEX`, which
//! every client writes for itself: what two clients write at once, one of them loses. So what was
//! attached is looked for afterwards.

use std::collections::BTreeMap;

use bytes::Bytes;
use image::{Descriptor, Index, MEDIA_INDEX, MEDIA_MANIFEST, Manifest, RawDocument};
use model::Digest;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use crate::answer::{body, unexpected};
use crate::client::{Call, Client};
use crate::pull::header;
use crate::transport::{authority, is_same_server};
use crate::upload::Body;
use crate::{Fault, Pointer, RegistryError, Repository};

/// How referrers were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The registry's interface for it.
    Api,
    /// The index under the tag `sha256-HEX`.
    Tag,
}

/// What refers to a manifest.
#[derive(Debug, Clone)]
pub struct Referrers {
    /// Their descriptors, as the registry or the index has them.
    pub all: Vec<Descriptor>,
    /// How they were found.
    pub by: FoundBy,
}

/// Something to say about a manifest.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// What kind of thing: a media type.
    pub artifact_type: String,
    /// Its content.
    pub files: Vec<ArtifactFile>,
    /// Annotations of its manifest; they are seen in the list too.
    pub annotations: BTreeMap<String, String>,
}

/// A part of an artifact.
#[derive(Debug, Clone)]
pub struct ArtifactFile {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What was attached.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The artifact's manifest, as it stands in the list.
    pub descriptor: Descriptor,
    /// How it is found.
    pub by: FoundBy,
}

/// The configuration of what has none.
const EMPTY: &[u8] = b"{}";
const MEDIA_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Most pages of a list.
const MOST_PAGES: usize = 50;

/// What an attachment that failed leaves.
const LEFT: &str = "what was sent stays at the registry and may not be found from its subject";

impl Client {
    /// What refers to `subject`, of one artifact type if one is given. A registry that knows
    /// nothing of the subject has an empty list.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Referrers, RegistryError> {
        let found = self.list(repository, subject).await;
        let attempted = || format!("listing what refers to {repository}@{subject}");
        let mut found = found.map_err(|fault| fault.during(attempted(), "nothing was changed"))?;
        // The registry may have filtered or not.
        found.all.retain(|one| {
            artifact_type.is_none_or(|wanted| one.artifact_type.as_deref() == Some(wanted))
        });
        Ok(found)
    }

    /// Pushes an artifact whose subject is `subject`, a manifest of the repository, and makes sure
    /// that it is found from there.
    pub async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        artifact: &Artifact,
    ) -> Result<Attached, RegistryError> {
        let attached = self.attach_to(repository, subject, artifact).await;
        let kind = &artifact.artifact_type;
        let attempted = || format!("attaching {kind} to {repository}@{}", subject.digest);
        attached.map_err(|fault| fault.during(attempted(), LEFT))
    }

    async fn attach_to(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        artifact: &Artifact,
    ) -> Result<Attached, Fault> {
        let config = Bytes::from_static(EMPTY);
        let digest = Digest::of(EMPTY);
        let size = EMPTY.len() as u64;
        self.upload(repository, digest, Body::Bytes(config)).await?;
        let mut layers = Vec::new();
        for file in &artifact.files {
            let digest = Digest::of(&file.bytes);
            let body = Body::Bytes(file.bytes.clone());
            self.upload(repository, digest, body).await?;
            let size = file.bytes.len() as u64;
            layers.push(Descriptor::new(&file.media_type, digest, size));
        }
        let of = Descriptor::new(&subject.media_type, subject.digest, subject.size);
        let manifest = Manifest {
            schema_version: 2,
            media_type: MEDIA_MANIFEST.to_owned(),
            artifact_type: Some(artifact.artifact_type.clone()),
            config: Descriptor::new(MEDIA_EMPTY, digest, size),
            layers,
            subject: Some(of),
            annotations: Some(artifact.annotations.clone()),
        };
        let document = RawDocument::of("the artifact's manifest", &manifest)?;
        let pointer = Pointer::Digest(document.digest());
        let noted = self
            .put_manifest(repository, &pointer, MEDIA_MANIFEST, &document)
            .await?;
        let descriptor = Descriptor {
            artifact_type: Some(artifact.artifact_type.clone()),
            annotations: Some(artifact.annotations.clone()),
            ..Descriptor::new(MEDIA_MANIFEST, document.digest(), document.size())
        };
        if !noted {
            self.note_under_tag(repository, subject.digest, &descriptor)
                .await?;
        }
        let found = self.list(repository, subject.digest).await?;
        if !found.all.iter().any(|one| one.digest == descriptor.digest) {
            return Err(Fault::NotFound {
                what: format!("the artifact {} among the referrers", descriptor.digest),
                said: String::new(),
            });
        }
        Ok(Attached {
            descriptor,
            by: found.by,
        })
    }

    async fn list(&self, repository: &Repository, subject: Digest) -> Result<Referrers, Fault> {
        let mut url = self.address(repository, &format!("referrers/{subject}"))?;
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let accept = HeaderValue::from_static(MEDIA_INDEX);
            let call = Call {
                headers: HeaderMap::from_iter([(ACCEPT, accept)]),
                ..self.ask(Method::GET, url.clone(), repository)
            };
            let response = self.send(&call).await?;
            match response.status() {
                StatusCode::OK => {}
                // It does not have the interface: a list of nothing would be a list.
                StatusCode::NOT_FOUND => return self.list_by_tag(repository, subject).await,
                status => {
                    let at = authority(&url);
                    return Err(unexpected(&at, status, self.said(response).await));
                }
            }
            let what = format!("the referrers of {}", subject.short());
            let kind = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
            if kind.split(';').next() != Some(MEDIA_INDEX) {
                let why = format!("the server calls them `{kind}`");
                return Err(Fault::Document { what, why });
            }
            let next = next(response.headers(), &url);
            let limit = self.settings.limits.document_bytes;
            let within = self.settings.patience.document;
            let document = RawDocument::new(body(response, &what, limit, within).await?);
            all.extend(document.view::<Index>(&what)?.manifests);
            match next {
                Some(next) if is_same_server(&next, &url) => url = next,
                _ => break,
            }
        }
        let by = FoundBy::Api;
        Ok(Referrers { all, by })
    }

    async fn list_by_tag(
        &self,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Referrers, Fault> {
        let by = FoundBy::Tag;
        let all = match self.manifest(repository, &tag(subject)).await {
            Ok(found) => {
                found
                    .document
                    .view::<Index>("the index of referrers")?
                    .manifests
            }
            Err(Fault::NotFound { .. }) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        Ok(Referrers { all, by })
    }

    /// Adds `descriptor` to the index of the tag; whatever else stands there is kept.
    async fn note_under_tag(
        &self,
        repository: &Repository,
        subject: Digest,
        descriptor: &Descriptor,
    ) -> Result<(), Fault> {
        let what = "the index of referrers";
        let mut index: Value = match self.manifest(repository, &tag(subject)).await {
            Ok(found) => found.document.view(what)?,
            Err(Fault::NotFound { .. }) => {
                json!({"schemaVersion": 2, "mediaType": MEDIA_INDEX, "manifests": []})
            }
            Err(fault) => return Err(fault),
        };
        let Some(list) = index.get_mut("manifests").and_then(Value::as_array_mut) else {
            return Err(Fault::Document {
                what: what.to_owned(),
                why: "what the tag points to is no index".to_owned(),
            });
        };
        let digest = descriptor.digest.to_string();
        if list.iter().any(|one| one["digest"] == digest.as_str()) {
            return Ok(());
        }
        list.push(json!(descriptor));
        let document = RawDocument::of(what, &index)?;
        let pointer = tag(subject);
        self.put_manifest(repository, &pointer, MEDIA_INDEX, &document)
            .await
            .map(drop)
    }
}

/// The tag under which clients keep the referrers of a manifest.
fn tag(subject: Digest) -> Pointer {
    Pointer::Tag(format!("sha256-{}", subject.hex()))
}

/// The next page of a list (RFC 8288).
fn next(headers: &HeaderMap, from: &Url) -> Option<Url> {
    let all = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut links = all.flat_map(|value| value.split(','));
    let link = links.find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let target = link.split_once('<')?.1.split_once('>')?.0;
    from.join(target).ok()
}
