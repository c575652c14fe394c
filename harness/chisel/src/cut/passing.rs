//! Reading one package as it is unpacked, for a cut onto a disk: what nobody wants is passed over,
//! what is large goes to the spool.

use std::collections::HashSet;

use bytes::Bytes;
use deb::{DebStream, EntryKind, Limits, Passing};
use rootfs::Spool;

use super::payload::{Linked, Payload, Picking};
use super::want::Wants;
use crate::error::{Error, ErrorClass};

/// Why a package is read in the other way, which holds all of it.
#[derive(Debug)]
struct Passed;

impl From<deb::PackageFault> for Passed {
    fn from(_: deb::PackageFault) -> Self {
        Self
    }
}

impl From<Error> for Passed {
    fn from(_: Error) -> Self {
        Self
    }
}

/// What [`super::payload::read`] gives, or nothing where that must look at the whole package: where
/// a hard link leads to something that was passed over, and where anything is wrong, as what is
/// wrong with a package must not depend on how it is read.
pub(super) fn read<'w>(
    name: &str,
    package: &Bytes,
    wants: &'w Wants,
    spool: &Spool,
) -> Option<Payload<'w>> {
    let package = DebStream::open(package, &Limits::PACKAGE).ok()?;
    let mut picking = Picking::begin(name, package.control(), wants);
    let mut passed: HashSet<String> = HashSet::new();
    let see = |passing: Passing<'_>| {
        let (entry, size, content) = (passing.entry, passing.size, passing.content);
        if let EntryKind::Hardlink(to) = &entry.kind
            && !picking.holds(to)
            && (!passed.contains(to) || picking.is_wanted(&entry.path))
        {
            return Err(Passed);
        }
        if !matches!(entry.kind, EntryKind::Dir) {
            passed.insert(entry.path.clone());
        }
        let blob = || {
            spool.take(content, size).map_err(|error| {
                let text = format!("unpacking: {error}");
                Error::caused_by(ErrorClass::Payload, text, error)
            })
        };
        picking
            .see(entry, Linked::Unknown, blob)
            .map_err(Passed::from)
    };
    package.each(see).ok()?;
    picking.finish().ok()
}
