//! The JSON documents of an image (OCI image specification 1.1), as written and as read.
//!
//! Own structs with sorted maps: the same values give the same bytes. What is read keeps its raw
//! bytes, which alone are hashed; unknown fields of other builders are no error.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{Arch, Digest};
use serde::{Deserialize, Serialize};

use crate::ImageError;

/// Media type of an index.
pub const MEDIA_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an image manifest.
pub const MEDIA_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const MEDIA_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const MEDIA_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const MEDIA_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const MEDIA_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// Docker's media type of an index.
pub const MEDIA_DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's media type of an image manifest.
pub const MEDIA_DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(crate) const MEDIA_DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// The annotation that names an image in an index.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A document by its exact bytes. What is hashed, stored and sent are these, never a re-serialized
/// value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDocument {
    bytes: Bytes,
    digest: Digest,
}

impl RawDocument {
    /// A document of these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        Self { bytes, digest }
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Their digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Their number.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Writes `value` as JSON, once; `what` names it in the error.
    pub fn of<T: Serialize>(what: &str, value: &T) -> Result<Self, ImageError> {
        serde_json::to_vec(value)
            .map(Self::new)
            .map_err(|error| invalid(what, error.to_string()))
    }

    /// A read-only view of the document; `what` names it in the error.
    pub fn view<'a, T: Deserialize<'a>>(&'a self, what: &str) -> Result<T, ImageError> {
        serde_json::from_slice(&self.bytes).map_err(|error| invalid(what, error.to_string()))
    }
}

pub(crate) fn invalid(what: &str, why: impl Into<String>) -> ImageError {
    ImageError::Document {
        what: what.to_owned(),
        why: why.into(),
    }
}

/// A pointer to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the blob.
    #[serde(default)]
    pub media_type: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// In a list of referrers: what kind of artifact the manifest is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// In an index: what the image runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// A pointer to a blob, with nothing else said of it.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            artifact_type: None,
            platform: None,
            annotations: None,
        }
    }
}

fn is_nothing(map: &Option<BTreeMap<String, String>>) -> bool {
    map.as_ref().is_none_or(BTreeMap::is_empty)
}

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// GOARCH name.
    pub architecture: String,
    /// GOOS name.
    pub os: String,
    /// Variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// The platform of an architecture on Linux.
    pub fn of(arch: Arch) -> Self {
        let (architecture, variant) = arch.oci();
        Self {
            architecture: architecture.to_owned(),
            os: "linux".to_owned(),
            variant: variant.map(str::to_owned),
        }
    }

    /// The architecture, if this is Linux on one the harness knows. An `arm` of an older variant
    /// than v7 is none.
    pub fn arch(&self) -> Option<Arch> {
        let arch = Arch::from_oci(&self.architecture).filter(|_| self.os == "linux")?;
        match (arch, self.variant.as_deref()) {
            (Arch::Armhf, Some("v5" | "v6")) => None,
            _ => Some(arch),
        }
    }

    /// `os/architecture/variant`.
    pub(crate) fn text(&self) -> String {
        let variant = self.variant.as_ref().map(|v| format!("/{v}"));
        format!(
            "{}/{}{}",
            self.os,
            self.architecture,
            variant.unwrap_or_default()
        )
    }
}

/// `index.json`, or a nested index.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// 2.
    pub schema_version: u32,
    /// Its media type; empty where it does not say.
    #[serde(default)]
    pub media_type: String,
    /// What it points to.
    pub manifests: Vec<Descriptor>,
}

impl Index {
    /// The index that names `manifests`, as a document.
    pub fn naming(manifests: Vec<Descriptor>) -> Result<RawDocument, ImageError> {
        let index = Self {
            schema_version: 2,
            media_type: MEDIA_INDEX.to_owned(),
            manifests,
        };
        RawDocument::of("the index", &index)
    }
}

/// An image manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// 2.
    pub schema_version: u32,
    /// Its media type; empty where it does not say.
    #[serde(default)]
    pub media_type: String,
    /// What kind of artifact it is, if it is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one says something about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// An image configuration: what the image is, and how a container of it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDocument {
    /// When it was made (RFC 3339), as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What it runs on.
    pub architecture: String,
    /// Variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// GOOS name.
    pub os: String,
    /// How a container runs.
    #[serde(default)]
    pub config: Option<RuntimeSection>,
    pub(crate) rootfs: RootfsSection,
    #[serde(default)]
    pub(crate) history: Option<Vec<History>>,
}

impl ImageDocument {
    /// What the image runs on.
    pub fn platform(&self) -> Platform {
        Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
        }
    }

    /// The texts of the history, oldest first; what people leave secrets in.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        let all = self.history.iter().flatten();
        all.filter_map(|step| step.created_by.as_deref())
    }
}

/// The `config` section of an image configuration. Absent, `null` and empty mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub struct RuntimeSection {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed_ports: Option<BTreeMap<String, Empty>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<BTreeMap<String, Empty>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_build: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
}

/// The empty object that the specification uses as a set's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RootfsSection {
    pub(crate) r#type: String,
    pub(crate) diff_ids: Vec<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_by: Option<String>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_other_builders_are_read() {
        let text = br#"{"architecture":"arm","variant":"v6","os":"linux","config":{"Env":null,
            "Hostname":"","User":"app","Healthcheck":{"Test":["CMD-SHELL","true"]},"OnBuild":null},
            "container":"x","rootfs":{"type":"layers","diff_ids":[]},"history":null}"#;
        let document = RawDocument::new(&text[..]);
        let config: ImageDocument = document.view("the configuration").unwrap();
        assert_eq!(config.platform().arch(), None, "armv6 is not armhf");
        let section = config.config.unwrap();
        assert_eq!(section.user.as_deref(), Some("app"));
        assert!(section.healthcheck.is_some() && section.env.is_none());
        assert_eq!(document.digest(), Digest::of(text));
    }

    #[test]
    fn another_hash_is_refused() {
        let text = format!(
            r#"{{"mediaType":"x","digest":"sha512:{}","size":1}}"#,
            "0".repeat(128)
        );
        let document = RawDocument::new(text);
        let error = document.view::<Descriptor>("a descriptor").unwrap_err();
        assert!(error.to_string().contains("not a sha256 digest"), "{error}");
    }
}
