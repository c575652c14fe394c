//! Where packages come from, as a cut sees it.

use bytes::Bytes;
use model::{Arch, Digest};

use crate::error::Result;

/// One package as its archive announces it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRecord {
    /// Its name.
    pub name: String,
    /// Its version with epoch.
    pub version: String,
    /// The architecture of its stanza; may be `all`.
    pub arch: String,
    /// The source package it was built from.
    pub source: String,
    /// The version of the source package.
    pub source_version: String,
    /// The digest of the package file.
    pub digest: Digest,
    /// The size of the package file in bytes.
    pub size: u64,
    /// The archive of the release that holds it.
    pub archive: String,
    /// The suite it stands in.
    pub suite: String,
    /// Where the package file lies below the archive's address.
    pub file: String,
}

/// A source of packages: archives of a release, a folder, a fixture.
pub trait PackageSource: Sync {
    /// The package `name` that a cut for `arch` takes: the best of all archives, or of the
    /// archive `pin` alone. Nothing if none holds it.
    fn lookup(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Option<PackageRecord>>;

    /// What is known of why `name` is not on offer.
    fn why_missing(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Every version of `name` for `arch` that is on offer, in the archive `pin` or in all.
    fn versions(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Vec<PackageRecord>> {
        Ok(self.lookup(name, arch, pin)?.into_iter().collect())
    }

    /// The bytes of the package file, verified against the record's digest.
    fn open(&self, record: &PackageRecord) -> Result<Bytes>;
}

impl PackageRecord {
    /// The part of it that a finished tree remembers.
    pub fn to_cut(&self) -> rootfs::CutPackage {
        rootfs::CutPackage {
            name: self.name.clone(),
            version: self.version.clone(),
            arch: self.arch.clone(),
            source: self.source.clone(),
            source_version: self.source_version.clone(),
            digest: self.digest,
        }
    }
}
