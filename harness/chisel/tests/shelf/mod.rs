//! Packages in memory, and the part of `chisel.yaml` that most tests are not about.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test target takes what it needs"
)]

use std::collections::BTreeMap;

use bytes::Bytes;
use chisel::{Error, ErrorClass, PackageRecord, PackageSource, Result};
use model::{Arch, Digest};
use testkit::BuiltDeb;

/// An archive, a key that nobody looks at, and dates.
pub(crate) const CHISEL_YAML: &str = "format: v3
archives:
  debian: {version: 13, suites: [trixie], components: [main], public-keys: [key], priority: 1}
public-keys:
  key: {path: keys/key.asc}
maintenance: {standard: 2025-01-01, end-of-life: 2030-01-01}
";

/// A name that stands for an archive which fails.
pub(crate) const UNREACHABLE: &str = "unreachable";

/// Packages by name.
pub(crate) struct Shelf(BTreeMap<String, (PackageRecord, Bytes)>);

impl Shelf {
    /// Packages that are their own sources.
    pub(crate) fn new(packages: impl IntoIterator<Item = BuiltDeb>) -> Self {
        Self::of(packages.into_iter().map(|built| {
            let (name, version) = (built.name.clone(), built.version.clone());
            (built, name, version)
        }))
    }

    /// Packages with name and version of their sources.
    pub(crate) fn of(packages: impl IntoIterator<Item = (BuiltDeb, String, String)>) -> Self {
        let record = |(built, source, source_version): (BuiltDeb, String, String)| {
            let bytes = Bytes::from(built.bytes);
            let record = PackageRecord {
                name: built.name.clone(),
                version: built.version,
                arch: built.architecture,
                source,
                source_version,
                digest: Digest::of(&bytes),
                size: bytes.len() as u64,
                archive: "debian".to_owned(),
                suite: "trixie".to_owned(),
                file: format!("pool/main/{}.deb", built.name),
            };
            (built.name, (record, bytes))
        };
        Self(packages.into_iter().map(record).collect())
    }

    pub(crate) fn records(&self) -> Vec<PackageRecord> {
        self.0.values().map(|(record, _)| record.clone()).collect()
    }
}

impl PackageSource for Shelf {
    fn lookup(&self, name: &str, _: Arch, _: Option<&str>) -> Result<Option<PackageRecord>> {
        if name == UNREACHABLE {
            return Err(Error::new(ErrorClass::Archive, "no route"));
        }
        Ok(self.0.get(name).map(|(record, _)| record.clone()))
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        Ok(self.0[&record.name].1.clone())
    }
}
