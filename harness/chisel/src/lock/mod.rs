//! The lock of a cut: the release and the packages it was made of, so that it can be made again of
//! nothing else.

mod changes;
mod source;

use std::collections::BTreeMap;

use model::{Arch, Digest};
use serde::{Deserialize, Serialize};

pub use changes::{Change, Step};
pub use source::LockedSource;

use crate::error::{Error, ErrorClass, Result};
use crate::select::Selection;
use crate::source::PackageRecord;

/// What a lock file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The kind of the document: [`Lock::SCHEMA`].
    pub schema: String,
    /// The release the slices are of.
    pub release: LockedRelease,
    /// The slices that were asked for, sorted.
    pub slices: Vec<String>,
    /// Packages for each architecture.
    pub architectures: BTreeMap<Arch, LockedArch>,
}

/// A release by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedRelease {
    /// The name or folder it was read from, for people.
    pub name: String,
    /// The digest of all its files.
    pub digest: Digest,
}

/// The packages of one architecture and the state of the archives they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedArch {
    /// The suites that were open.
    pub suites: Vec<LockedSuite>,
    /// The packages, sorted by name.
    pub packages: Vec<LockedPackage>,
}

/// A suite on the day of the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedSuite {
    /// The archive of the release.
    pub archive: String,
    /// The suite.
    pub suite: String,
    /// When its signed index was made, as RFC 3339 in UTC. A snapshot service takes it.
    pub date: String,
    /// The digest of the signed index.
    pub digest: Digest,
}

/// One package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version with epoch.
    pub version: String,
    /// Its source package.
    pub source: String,
    /// The archive and the suite that offered it.
    pub archive: String,
    /// See `archive`.
    pub suite: String,
    /// Bytes of the file.
    pub size: u64,
    /// Digest of the file.
    pub sha256: Digest,
}

impl Lock {
    /// What stands in `schema`.
    pub const SCHEMA: &'static str = "certify/slices-lock/1";

    /// The file a lock is kept in when no other is named.
    pub const FILE: &'static str = "slices.lock";

    /// The lock of `selection`, of which `asked` were asked for, made of `records` while `suites`
    /// were open.
    pub fn of(
        selection: &Selection<'_>,
        asked: &[String],
        suites: Vec<LockedSuite>,
        records: &[PackageRecord],
    ) -> Self {
        let mut slices = asked.to_vec();
        slices.sort();
        slices.dedup();
        let mut packages: Vec<LockedPackage> = records.iter().map(LockedPackage::of).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            schema: Self::SCHEMA.to_owned(),
            release: LockedRelease {
                name: selection.release.name.clone(),
                digest: selection.release.digest,
            },
            slices,
            architectures: BTreeMap::from([(selection.arch, LockedArch { suites, packages })]),
        }
    }

    /// Reads a lock from its text; `name` stands in errors.
    pub fn read(name: &str, text: &str) -> Result<Self> {
        let wrong = |why: &dyn std::fmt::Display| {
            Error::new(ErrorClass::Lock, format!("lock {name}: {why}"))
        };
        let lock: Self = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if lock.schema != Self::SCHEMA {
            let (theirs, ours) = (&lock.schema, Self::SCHEMA);
            return Err(wrong(&format_args!(
                "is a {theirs:?}, this program reads {ours:?}"
            )));
        }
        Ok(lock)
    }

    /// The text of the file.
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::caused_by(ErrorClass::Lock, "cannot write the lock", error))?;
        Ok(text + "\n")
    }

    /// Takes over what `other` holds for architectures that are not in this lock, when it is of the
    /// same release and slices.
    #[must_use]
    pub fn with_architectures_of(mut self, other: &Self) -> Self {
        if (&self.release.digest, &self.slices) == (&other.release.digest, &other.slices) {
            for (arch, packages) in &other.architectures {
                self.architectures
                    .entry(*arch)
                    .or_insert_with(|| packages.clone());
            }
        }
        self
    }

    /// Refuses a cut of `selection` that the lock does not hold: another release, an architecture
    /// or a package it does not know.
    pub fn demand(&self, selection: &Selection<'_>) -> Result<&LockedArch> {
        let refuse = |text: String| Err(Error::new(ErrorClass::Lock, text));
        let (ours, theirs) = (selection.release.digest, self.release.digest);
        if ours != theirs {
            return refuse(format!(
                "release {} is {ours}, the lock is of {theirs}: take the locked release, or write \
                 the lock anew with `slices lock --update`",
                selection.release.name
            ));
        }
        let arch = selection.arch;
        let Some(locked) = self.architectures.get(&arch) else {
            return refuse(format!("the lock has no packages for {arch}"));
        };
        for package in selection.packages() {
            if locked.package(package).is_none() {
                return refuse(format!("package {package:?} is not in the lock for {arch}"));
            }
        }
        Ok(locked)
    }
}

impl LockedArch {
    /// The package called `name`.
    pub fn package(&self, name: &str) -> Option<&LockedPackage> {
        let at = self
            .packages
            .binary_search_by(|package| package.name.as_str().cmp(name));
        self.packages.get(at.ok()?)
    }

    fn date(&self, package: &LockedPackage) -> &str {
        let of = |suite: &&LockedSuite| {
            (&suite.archive, &suite.suite) == (&package.archive, &package.suite)
        };
        self.suites.iter().find(of).map_or("", |suite| &suite.date)
    }
}

impl LockedPackage {
    fn of(record: &PackageRecord) -> Self {
        Self {
            name: record.name.clone(),
            version: record.version.clone(),
            source: record.source.clone(),
            archive: record.archive.clone(),
            suite: record.suite.clone(),
            size: record.size,
            sha256: record.digest,
        }
    }
}
