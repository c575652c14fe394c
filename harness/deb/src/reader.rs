//! Reads one package file: control files and entries, all from memory.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::ar::{self, ArFault};
use crate::entry::{self, Entry, EntryKind, TarFault};
use crate::unpack::{Compression, Limits, UnpackFault, unpack};

/// An opened package. Contents of entries are slices of one unpacked tar.
#[derive(Debug, Clone)]
pub struct DebReader {
    name: String,
    control: BTreeMap<String, Bytes>,
    entries: Vec<Entry>,
    skipped: Vec<String>,
}

/// A package file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("package `{package}`: {fault}")]
pub struct BadPackage {
    /// The name it was opened under.
    pub package: String,
    /// What is wrong.
    #[source]
    pub fault: PackageFault,
}

/// What is wrong with a package file.
#[derive(Debug, thiserror::Error)]
pub enum PackageFault {
    /// The outer format.
    #[error(transparent)]
    Ar(#[from] ArFault),
    /// A compressed member.
    #[error("`{member}` {fault}")]
    Unpack {
        /// Name of the member.
        member: String,
        /// What is wrong with it.
        #[source]
        fault: UnpackFault,
    },
    /// A tar inside.
    #[error("`{member}`: {fault}")]
    Tar {
        /// Name of the member.
        member: String,
        /// What is wrong with it.
        #[source]
        fault: TarFault,
    },
    /// No file `control` among the control files.
    #[error("no control file")]
    NoControl,
}

impl DebReader {
    /// Reads a whole package; `name` appears in errors. Nothing is written to disk.
    pub fn read(name: &str, package: &Bytes, limits: &Limits) -> Result<Self, BadPackage> {
        Self::open(name, package, limits).map_err(|fault| BadPackage {
            package: name.to_owned(),
            fault,
        })
    }

    fn open(name: &str, package: &Bytes, limits: &Limits) -> Result<Self, PackageFault> {
        let members = ar::members(package)?;
        let control = control(package, members.control, limits)?;
        let data = tree(package, members.data, "data.tar", limits)?;
        Ok(Self {
            name: name.to_owned(),
            control,
            entries: data.entries,
            skipped: data.skipped,
        })
    }

    /// The name it was opened under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the file `control`.
    pub fn control(&self) -> String {
        String::from_utf8_lossy(self.control_file("control").unwrap_or_default()).into_owned()
    }

    /// A control file by name: `md5sums`, `conffiles`, `postinst`, ...
    pub fn control_file(&self, name: &str) -> Option<&[u8]> {
        self.control.get(name).map(|bytes| &bytes[..])
    }

    /// Names of the control files, sorted.
    pub fn control_files(&self) -> impl Iterator<Item = &str> {
        self.control.keys().map(String::as_str)
    }

    /// All entries, in the order of the tar.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All entries, without copying them.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Tar names that do not start with `./` or are not plain. They are not installed.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }
}

/// The control files by name; `control` is among them.
pub(crate) fn control(
    package: &Bytes,
    member: ar::Member<'_>,
    limits: &Limits,
) -> Result<BTreeMap<String, Bytes>, PackageFault> {
    let files: BTreeMap<_, _> = tree(package, member, "control.tar", limits)?
        .entries
        .into_iter()
        .filter_map(|entry| match entry.kind {
            EntryKind::File(bytes) => Some((entry.path.trim_start_matches('/').to_owned(), bytes)),
            _ => None,
        })
        .collect();
    match files.contains_key("control") {
        true => Ok(files),
        false => Err(PackageFault::NoControl),
    }
}

fn tree(
    package: &Bytes,
    member: ar::Member<'_>,
    stem: &str,
    limits: &Limits,
) -> Result<entry::Listing, PackageFault> {
    let unpack_fault = |fault| PackageFault::Unpack {
        member: member.name.to_owned(),
        fault,
    };
    let compression = Compression::of(member.name, stem).map_err(unpack_fault)?;
    let packed = package.slice_ref(member.bytes);
    let tar = unpack(compression, &packed, limits).map_err(unpack_fault)?;
    entry::list(&tar).map_err(|fault| PackageFault::Tar {
        member: member.name.to_owned(),
        fault,
    })
}
