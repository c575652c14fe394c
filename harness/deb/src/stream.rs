//! A package read once from front to back, entry by entry, without holding what it unpacks to.

use std::collections::BTreeMap;
use std::io::{self, Read};

use bytes::Bytes;

use crate::ar;
use crate::entry::{self, Entry, EntryKind, MOST_ENTRIES, TarFault};
use crate::reader::{self, PackageFault};
use crate::unpack::{Compression, Limits, UnpackFault, unpacking};

/// A package whose control files were read.
#[derive(Debug)]
pub struct DebStream<'p> {
    control: BTreeMap<String, Bytes>,
    data: ar::Member<'p>,
    limits: Limits,
}

/// One entry as it comes by.
pub struct Passing<'e> {
    /// The entry; the content of a file is not in it.
    pub entry: Entry,
    /// Size of the content in bytes.
    pub size: u64,
    /// The content of a file. What is not read of it is passed over.
    pub content: &'e mut dyn Read,
}

impl<'p> DebStream<'p> {
    /// Reads the control files of `package`.
    pub fn open(package: &'p Bytes, limits: &Limits) -> Result<Self, PackageFault> {
        let members = ar::members(package)?;
        Ok(Self {
            control: reader::control(package, members.control, limits)?,
            data: members.data,
            limits: *limits,
        })
    }

    /// The text of the file `control`.
    pub fn control(&self) -> String {
        let bytes = self.control.get("control").map(Bytes::as_ref);
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    }

    /// Shows every entry that a [`crate::DebReader`] would list, in the same order, until `see`
    /// fails. That a hard link leads to a file of the package is not looked at. A package that
    /// breaks a limit or is corrupt fails at the place where that shows: entries before it were
    /// seen.
    pub fn each<E: From<PackageFault>>(
        self,
        see: impl FnMut(Passing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        each(self.data, &self.limits, see)
    }
}

fn each<E: From<PackageFault>>(
    data: ar::Member<'_>,
    limits: &Limits,
    mut see: impl FnMut(Passing<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let member = data.name;
    let unpack = |fault| PackageFault::Unpack {
        member: member.to_owned(),
        fault,
    };
    let compression = Compression::of(member, "data.tar").map_err(unpack)?;
    let corrupt = |source| {
        let fault = UnpackFault::Corrupt {
            compression,
            source,
        };
        unpack(fault)
    };
    let bad = |fault| PackageFault::Tar {
        member: member.to_owned(),
        fault,
    };
    let unpacking = unpacking(compression, data.bytes, limits).map_err(corrupt)?;
    let mut archive = tar::Archive::new(unpacking);
    let broken = |after| move |source| bad(TarFault::Corrupt { after, source });
    let mut after = 0;
    for raw in archive.entries().map_err(broken(0))? {
        if after >= MOST_ENTRIES {
            return Err(bad(TarFault::TooMany).into());
        }
        let mut raw = raw.map_err(broken(after))?;
        let name = entry::text(&raw.path_bytes()).map_err(bad)?;
        let Some(path) = entry::installed_path(&name).map_err(bad)? else {
            continue;
        };
        let entry = entry::entry(path, &mut raw, None).map_err(|fault| bad(fault.after(after)))?;
        let size = match entry.kind {
            EntryKind::File(_) => raw.size(),
            _ => 0,
        };
        see(Passing {
            entry,
            size,
            content: &mut raw,
        })?;
        after += 1;
    }
    // What stands behind the last entry must be whole too, and within the limit.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(corrupt)?;
    match rest.limit() {
        0 => {
            let packed = data.bytes.len() as u64;
            let limit = limits.bound(packed);
            Err(unpack(UnpackFault::TooBig { packed, limit }).into())
        }
        _ => Ok(()),
    }
}
