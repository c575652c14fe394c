//! A release: the archives packages come from and the slices they are cut into.

mod address;
mod archive;
mod check;
mod definition;
mod files;
mod kept;
mod key;
mod maintenance;
mod names;
mod path;
mod prefer;
mod raw;
mod yaml;

use std::collections::BTreeMap;

use camino::Utf8Path;
use model::Digest;
use rayon::prelude::*;

pub use archive::{Archive, Format, Pro};
pub use definition::{Essential, Package, Slice};
pub use files::ReleaseFiles;
pub use kept::KeptReleases;
pub use key::PublicKey;
pub use maintenance::{Ignored, Maintenance};
pub use names::SliceKey;
pub use path::{PathKind, PathRule};
pub use prefer::PreferChain;
pub use yaml::UnknownKey;

use crate::error::{Error, ErrorClass, Result};

/// What to do with keys that this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Somebody else's release: unknown keys are collected as warnings.
    Foreign,
    /// Our own release: an unknown key is an error that shows its line.
    Own,
}

/// A parsed and validated release.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Release {
    /// Its folder or shipped name.
    pub name: String,
    /// The format of its files.
    pub format: Format,
    /// Its archives by name.
    pub archives: BTreeMap<String, Archive>,
    /// Its packages by name.
    pub packages: BTreeMap<String, Package>,
    /// How long it is maintained.
    pub maintenance: Maintenance,
    /// The digest of all its files.
    pub digest: Digest,
    /// Keys nobody understood; empty for our own releases.
    pub unknown_keys: Vec<UnknownKey>,
    /// What was left out, in words.
    pub notes: Vec<String>,
    chains: BTreeMap<String, PreferChain>,
}

impl Release {
    /// Reads and validates the release in the folder `dir`.
    pub fn load(dir: &Utf8Path, strictness: Strictness) -> Result<Self> {
        Self::from_files(&ReleaseFiles::from_folder(dir)?, strictness)
    }

    /// Reads and validates the release made of `files`.
    pub fn from_files(files: &ReleaseFiles, strictness: Strictness) -> Result<Self> {
        let missing = || Error::new(ErrorClass::Format, "cannot read release definition");
        let text = files.get("chisel.yaml").ok_or_else(missing)?;
        let unreadable = |error: &dyn std::fmt::Display| {
            archive::bad(format!("cannot parse release definition: {error}"))
        };
        let text = std::str::from_utf8(text).map_err(|error| unreadable(&error))?;
        let (mut raw, mut unknown_keys) = yaml::read::<raw::RawRelease>("chisel.yaml", text)
            .map_err(|error| unreadable(&error))?;
        let format = archive::format(&raw)?;
        let keys = key::keys(raw.public_keys.take(), files)?;
        let (archives, notes) = archive::archives(&mut raw, format, &keys)?;
        let version = archives
            .values()
            .next()
            .map(|archive| archive.version.as_str());
        let maintenance = Maintenance::read(raw.maintenance.as_ref(), version.unwrap_or_default())?;
        let (packages, more) = packages(files, format)?;
        unknown_keys.extend(more);
        if let (Strictness::Own, Some(unknown)) = (strictness, unknown_keys.first()) {
            return Err(Error::new(ErrorClass::Definition, unknown.to_string()));
        }
        let mut release = Self {
            name: files.name().to_owned(),
            format,
            archives,
            packages,
            maintenance,
            digest: files.digest(),
            unknown_keys,
            notes,
            chains: BTreeMap::new(),
        };
        release.chains = check::check(&release)?;
        Ok(release)
    }

    /// All slices by full name.
    pub fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.packages
            .values()
            .flat_map(|package| package.slices.values())
    }

    /// The slice called `key`.
    pub fn slice(&self, key: &SliceKey) -> Option<&Slice> {
        self.packages.get(key.package())?.slices.get(key.slice())
    }

    /// The chain of preferences on `path`, if it has one.
    pub(crate) fn chain(&self, path: &str) -> Option<&PreferChain> {
        self.chains.get(path)
    }
}

/// Reads every definition, in parallel; the first error by path counts.
fn packages(
    files: &ReleaseFiles,
    format: Format,
) -> Result<(BTreeMap<String, Package>, Vec<UnknownKey>)> {
    if !files.has_slices() {
        return Err(Error::new(
            ErrorClass::Format,
            "cannot read slices/ directory",
        ));
    }
    let definitions: Vec<_> = files.definitions().collect();
    let read: Vec<_> = definitions
        .par_iter()
        .map(|(path, bytes)| definition::read(path, bytes, format))
        .collect();
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    let mut unknown_keys = Vec::new();
    for result in read {
        let (package, unknown) = result?;
        unknown_keys.extend(unknown);
        if let Some(other) = packages.get(&*package.name) {
            let (name, first, second) = (&package.name, &other.file, &package.file);
            return Err(Error::new(
                ErrorClass::Definition,
                format!("package {name:?} slices defined more than once: {first} and {second}"),
            ));
        }
        packages.insert(package.name.to_string(), package);
    }
    Ok((packages, unknown_keys))
}
