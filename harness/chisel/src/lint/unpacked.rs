//! Packages that are opened again and again: unpacked once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use deb::Limits;
use model::{Arch, Digest};

use crate::error::{Error, ErrorClass, Result};
use crate::source::{PackageRecord, PackageSource};

/// Most bytes that are kept. Packages beyond are unpacked whenever they are opened.
const MOST_BYTES: usize = 1 << 30;

/// A source whose packages come without compression. Cutting many slices, each alone, opens the
/// few packages that all need as often as there are slices.
pub struct UnpackedPackages<'s> {
    source: &'s dyn PackageSource,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    packages: BTreeMap<Digest, Bytes>,
    bytes: usize,
}

impl<'s> UnpackedPackages<'s> {
    /// The packages of `source`.
    pub fn new(source: &'s dyn PackageSource) -> Self {
        Self {
            source,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for UnpackedPackages<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept();
        write!(
            f,
            "UnpackedPackages({}, {} bytes)",
            kept.packages.len(),
            kept.bytes
        )
    }
}

impl PackageSource for UnpackedPackages<'_> {
    fn lookup(&self, name: &str, arch: Arch, pin: Option<&str>) -> Result<Option<PackageRecord>> {
        self.source.lookup(name, arch, pin)
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        if let Some(bytes) = self.kept().packages.get(&record.digest) {
            return Ok(bytes.clone());
        }
        let packed = self.source.open(record)?;
        let unpacked = deb::stored(&record.name, &packed, &Limits::PACKAGE).map_err(|error| {
            Error::caused_by(ErrorClass::Payload, error.fault.to_string(), error)
        })?;
        let mut kept = self.kept();
        if kept.bytes + unpacked.len() <= MOST_BYTES
            && kept
                .packages
                .insert(record.digest, unpacked.clone())
                .is_none()
        {
            kept.bytes += unpacked.len();
        }
        Ok(unpacked)
    }
}
