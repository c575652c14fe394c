//! A source of packages that gives what a lock holds and nothing else.

use bytes::Bytes;
use model::Arch;

use super::LockedArch;
use crate::error::{Error, ErrorClass, Result};
use crate::source::{PackageRecord, PackageSource};

/// The packages of a lock, taken from archives that may hold newer ones.
pub struct LockedSource<'l> {
    locked: &'l LockedArch,
    inner: &'l dyn PackageSource,
}

impl<'l> LockedSource<'l> {
    /// Takes from `inner` what `locked` names.
    pub const fn new(locked: &'l LockedArch, inner: &'l dyn PackageSource) -> Self {
        Self { locked, inner }
    }
}

impl PackageSource for LockedSource<'_> {
    fn lookup(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Option<PackageRecord>> {
        let refuse = |text: String| Err(Error::new(ErrorClass::Lock, text));
        let Some(locked) = self.locked.package(name) else {
            return refuse(format!("package {name:?} is not in the lock for {arch}"));
        };
        let offers = self.inner.versions(name, arch, pin)?;
        let found = offers
            .into_iter()
            .find(|record| record.digest == locked.sha256);
        if found.is_some() {
            return Ok(found);
        }
        let (version, archive, suite) = (&locked.version, &locked.archive, &locked.suite);
        let since = self.locked.date(locked);
        refuse(format!(
            "package {name:?} {version} of the lock ({archive}, {suite} of {since}) is in no archive \
             any more: name a mirror that keeps that day, or take what there is now with `slices \
             lock --update`"
        ))
    }

    fn versions(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Vec<PackageRecord>> {
        Ok(self.lookup(name, arch, pin)?.into_iter().collect())
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        self.inner.open(record)
    }
}
