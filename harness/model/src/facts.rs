//! What a session knows of its platform, and what an image is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Arch, Digest, ImageName, PlatformName};

/// The fingerprint of a platform as one session found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlatformFacts {
    /// The platform.
    pub platform: PlatformName,
    /// Which margins apply.
    pub family: PlatformFamily,
    /// `real`, or `rehearsal` or `simulated`, which can never read as the platform.
    pub standing: Standing,
    /// One line for people: `libcontainer 0.7, kernel 6.18, cgroup v1 hybrid, no LSM`.
    pub summary: String,
    /// Facts by name: `kernel.release`, `runtime.name`, `cgroup.mode`, `lsm`, `cpu.model`, ...
    pub facts: BTreeMap<String, String>,
    /// What this session cannot measure, by metric, and why.
    #[serde(default)]
    pub cannot_measure: BTreeMap<String, String>,
}

/// Which family of margins applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformFamily {
    /// A bare runtime or a local daemon.
    Oci,
    /// A cluster.
    Kubernetes,
}

/// Whether a platform is the real thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The platform itself.
    Real,
    /// A stand-in that behaves like it.
    Rehearsal,
    /// Invented numbers for tests and demonstrations; reaches no level.
    Simulated,
}

/// One arm's image as built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImageFacts {
    /// The image.
    pub image: ImageName,
    /// `candidate` or `baseline`.
    pub arm: crate::Arm,
    /// Architecture.
    pub arch: Arch,
    /// Manifest digest: the identity of the image.
    pub manifest: Digest,
    /// Configuration digest.
    pub config: Digest,
    /// Digest of the merged file tree's listing.
    pub tree: Digest,
    /// Sum of the layers' bytes as stored.
    pub compressed_bytes: u64,
    /// Sum of the layers' bytes as tar streams.
    pub layer_bytes: u64,
    /// Sum of the merged tree's file bytes.
    pub file_bytes: u64,
    /// Entries of the merged tree.
    pub entries: u64,
    /// Layers, each with its diff id.
    pub layers: Vec<LayerFacts>,
    /// `package=version` of every package in it.
    pub packages: Vec<String>,
    /// Slices in it, if cut by slices.
    pub slices: Vec<String>,
    /// Where it came from: release and archive dates, or the layout.
    pub origin: String,
    /// What was generated or is lacking, for people.
    pub notes: Vec<String>,
    /// Documents about it that lie beside it: bills of materials, licences, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentFacts>,
}

/// A document about an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DocumentFacts {
    /// What kind: `spdx`, `cyclonedx`, `status.d`, `files`, `licences`, `copyrights`, `openvex`.
    pub name: String,
    /// Where it lies in the run folder; a folder of files ends in a slash.
    pub path: String,
    /// Its media type; of each file for a folder.
    pub media_type: String,
    /// What it is for, in a line.
    pub summary: String,
    /// Its length; the sum for a folder.
    pub bytes: u64,
    /// Its digest; for a folder that of the lines that `sha256sum` prints for its files, by name.
    pub digest: Digest,
}

impl DocumentFacts {
    /// The path as a relative link, if it is one that can be followed safely: below `images/`, of
    /// plain characters, never upwards.
    pub fn link(&self) -> Option<&str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let safe = self.path.starts_with("images/")
            && self.path.chars().all(plain)
            && !self.path.split('/').any(|part| part == "..");
        safe.then_some(&self.path)
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LayerFacts {
    /// Digest of the stored bytes.
    pub digest: Digest,
    /// Digest of the tar stream.
    pub diff_id: Digest,
    /// Stored bytes.
    pub bytes: u64,
    /// Its content in a word: `slices`, `files`, `finish`, `packages`.
    pub content: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_below_the_images_is_a_link() {
        let document = |path: &str| DocumentFacts {
            name: "spdx".to_owned(),
            path: path.to_owned(),
            media_type: "application/spdx+json".to_owned(),
            summary: String::new(),
            bytes: 0,
            digest: Digest::of(b""),
        };
        let good = "images/python/candidate/amd64/metadata/spdx.json";
        assert_eq!(document(good).link(), Some(good));
        for bad in [
            "javascript:x",
            "images/../x",
            "/images/x",
            "images/a b",
            "images/\"x",
            "",
        ] {
            assert_eq!(document(bad).link(), None, "{bad}");
        }
    }
}
