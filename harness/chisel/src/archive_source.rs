//! Packages from the opened archives of a release: the only file that knows how they are fetched.

use bytes::Bytes;
use deb::{ArchiveSpec, Fetcher, Keyring, Offer, Store};
use futures::future::try_join_all;
use model::Arch;

use crate::error::{Error, ErrorClass, Result};
use crate::lock::LockedSuite;
use crate::release::{Archive, Release};
use crate::source::{PackageRecord, PackageSource};

/// What [`deb::open`] must find for the archives of `release` that are `usable`.
pub fn archive_specs(
    release: &Release,
    usable: impl Fn(&Archive) -> bool,
) -> Result<Vec<ArchiveSpec>> {
    let archives = release.archives.values().filter(|archive| usable(archive));
    archives.map(spec).collect()
}

fn spec(archive: &Archive) -> Result<ArchiveSpec> {
    let keys =
        Keyring::read_all(archive.keys.iter().map(|key| &key.material)).map_err(|error| {
            let name = &archive.name;
            Error::caused_by(
                ErrorClass::Key,
                format!("keys of archive {name:?}: {error}"),
                error,
            )
        })?;
    Ok(ArchiveSpec {
        name: archive.name.clone(),
        suites: archive.suites.clone(),
        components: archive.components.clone(),
        component_prefix: archive.component_prefix.clone(),
        label: Some(archive.expected_label().to_owned()),
        origin: archive.origin.clone(),
        keys,
        version_group: archive.group.clone(),
        priority: archive.priority,
    })
}

/// Opened archives and the store their packages are fetched into.
#[derive(Debug, Clone)]
pub struct ArchiveSource {
    archive: deb::Archive,
    store: Store,
}

impl ArchiveSource {
    /// Takes packages from `archive`; `store` is that of the fetcher used in
    /// [`ArchiveSource::fetch`].
    pub const fn new(archive: deb::Archive, store: Store) -> Self {
        Self { archive, store }
    }

    /// The opened archives.
    pub const fn archive(&self) -> &deb::Archive {
        &self.archive
    }

    /// The record of one offer.
    pub fn record(offer: &Offer) -> PackageRecord {
        let package = &offer.package;
        PackageRecord {
            name: package.name.clone(),
            version: package.version.to_string(),
            arch: package.architecture.clone(),
            source: package.source.clone(),
            source_version: package.source_version.to_string(),
            digest: package.sha256,
            size: package.size,
            archive: offer.archive.clone(),
            suite: offer.suite.clone(),
            file: package.filename.clone(),
        }
    }

    fn is_open_for(&self, arch: Arch) -> Result<()> {
        let opened = self.archive.arch();
        if arch == opened {
            return Ok(());
        }
        let text = format!("archives are open for {opened}, not for {arch}");
        Err(Error::new(ErrorClass::Archive, text))
    }

    /// The state of the opened suites, for a lock.
    pub fn locked_suites(&self) -> Vec<LockedSuite> {
        let suites = self.archive.suites().iter();
        suites
            .map(|suite| LockedSuite {
                archive: suite.archive.clone(),
                suite: suite.suite.clone(),
                date: suite.release.date.to_string(),
                digest: suite.digest,
            })
            .collect()
    }

    /// Brings the package files of `records` into the store, all at one time.
    pub async fn fetch(&self, records: &[PackageRecord], fetcher: &Fetcher) -> Result<()> {
        let fetches = records.iter().map(|record| async move {
            let offers = self.archive.versions(&record.name);
            let offer = offers
                .into_iter()
                .find(|offer| offer.package.sha256 == record.digest);
            let offer = offer.ok_or_else(|| {
                let text = format!(
                    "package {:?} {} is in no archive",
                    record.name, record.version
                );
                Error::new(ErrorClass::PackageMissing, text)
            })?;
            let fetched = offer.fetch(fetcher).await;
            fetched.map(drop).map_err(|error| {
                let text = format!("cannot fetch from archive: {error}");
                Error::caused_by(ErrorClass::Archive, text, error)
            })
        });
        try_join_all(fetches).await.map(drop)
    }
}

impl PackageSource for ArchiveSource {
    fn lookup(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Option<PackageRecord>> {
        self.is_open_for(arch)?;
        let offer = match pin {
            Some(archive) => self.archive.find_in(archive, name),
            None => self.archive.find(name),
        };
        Ok(offer.as_ref().map(Self::record))
    }

    fn why_missing(&self, name: &str) -> Option<String> {
        self.archive.incomplete(name)
    }

    fn versions(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Vec<PackageRecord>> {
        self.is_open_for(arch)?;
        let offers = self.archive.versions(name);
        let wanted = offers
            .iter()
            .filter(|offer| pin.is_none_or(|pin| pin == offer.archive));
        Ok(wanted.map(Self::record).collect())
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        let PackageRecord {
            name,
            version,
            digest,
            ..
        } = record;
        let found = self.store.get(digest).map_err(|error| {
            let text = format!("package {name:?} {version} in the cache: {error}");
            Error::caused_by(ErrorClass::Archive, text, error)
        })?;
        found.ok_or_else(|| {
            let text = format!("package {name:?} {version} was not fetched");
            Error::new(ErrorClass::Archive, text)
        })
    }
}
