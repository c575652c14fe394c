//! The packages of a case as a source for the cut.

use std::collections::BTreeMap;

use bytes::Bytes;
use chisel::{PackageRecord, PackageSource, Release, Result};
use model::{Arch, Digest};

use crate::case::Case;
use crate::package;

/// All packages of a case by archive of the release.
pub(crate) struct Shelf {
    records: Vec<(i32, PackageRecord)>,
    files: BTreeMap<Digest, Bytes>,
    /// Package ids by digest, for manifests.
    pub(crate) ids: BTreeMap<String, String>,
}

impl Shelf {
    pub(crate) fn new(case: &Case, release: &Release) -> Self {
        let mut shelf = Self { records: Vec::new(), files: BTreeMap::new(), ids: BTreeMap::new() };
        for package in &case.world.packages {
            let bytes = Bytes::from(package::build(package));
            let digest = Digest::of(&bytes);
            let id = package.id.clone().unwrap_or_else(|| package.name.clone());
            shelf.ids.insert(digest.hex(), id);
            shelf.files.insert(digest, bytes.clone());
            let places = package.publish.clone().unwrap_or_else(|| {
                vec![crate::case::Publish { site: None, suite: None, component: None }]
            });
            for place in places {
                let suite = place.suite.as_deref().unwrap_or("noble");
                let component = place.component.as_deref().unwrap_or("main");
                let holders = release.archives.values().filter(|archive| {
                    archive.suites.iter().any(|s| s == suite)
                        && archive.components.iter().any(|c| c == component)
                });
                for archive in holders {
                    let record = PackageRecord {
                        name: package.name.clone(),
                        version: package.version.clone(),
                        arch: package.arch.clone(),
                        source: package.name.clone(),
                        source_version: package.version.clone(),
                        digest,
                        size: bytes.len() as u64,
                        archive: archive.name.clone(),
                        file: package.name.clone(),
                    };
                    shelf.records.push((archive.priority, record));
                }
            }
        }
        shelf
    }
}

impl PackageSource for Shelf {
    fn lookup(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Option<PackageRecord>> {
        let fits = |record: &PackageRecord| {
            record.name == name && (record.arch == "all" || record.arch == arch.debian())
        };
        let mut found: Vec<_> = self
            .records
            .iter()
            .filter(|(priority, record)| {
                fits(record)
                    && match pin {
                        Some(pin) => record.archive == pin,
                        None => *priority >= 0,
                    }
            })
            .collect();
        found.sort_by_key(|(priority, record)| {
            (*priority, record.version.parse::<deb::Version>().unwrap())
        });
        Ok(found.last().map(|(_, record)| record.clone()))
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        Ok(self.files[&record.digest].clone())
    }
}
