//! Whole packages laid down as dpkg would on an empty system: the baseline a cut is compared to.
//!
//! No maintainer script runs; what the scripts of known packages would have made is declared as
//! data and made here, each path noted.

mod accounts;
mod database;
mod exclude;
mod generated;
mod linker_cache;
mod merged;
mod overlap;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use deb::{DebReader, EntryKind};
use model::Arch;
use rayon::prelude::*;
use rootfs::{Blob, CutRootfs, Entry, Kind, Origin, Tree, TreePath};

pub use exclude::{PathExcludes, RuleKind};
pub use generated::generate;
pub use linker_cache::{LinkerCache, linker_cache};

use crate::error::{Error, ErrorClass, Result};
use crate::source::{PackageRecord, PackageSource};
use crate::stage::{FolderModes, Stage};
use overlap::Claimant;

/// The package whose links merge `/bin`, `/lib` and `/sbin` into `/usr`, in distributions where a
/// package has them; it goes first. For others see [`merged`].
const FIRST: &str = "base-files";

/// Lays the packages of `records` down, without the paths that `excludes` leaves out.
pub fn cut_whole(
    records: &[PackageRecord],
    arch: Arch,
    excludes: &PathExcludes,
    source: &dyn PackageSource,
) -> Result<CutRootfs> {
    let mut records: Vec<&PackageRecord> = records.iter().collect();
    records.sort_by_key(|record| (record.name != FIRST, &record.name));
    records.dedup_by_key(|record| &record.name);
    let packages: Vec<Result<DebReader>> = records
        .par_iter()
        .map(|record| {
            let within = |error: Error| {
                error.within(format_args!("cannot install package {:?}", record.name))
            };
            let package = crate::cut::open(&record.name, &source.open(record)?);
            package.map_err(within)
        })
        .collect();
    let packages = packages.into_iter().collect::<Result<Vec<_>>>()?;
    let mut laid = Laid {
        stage: Stage::default(),
        excludes,
        claimants: BTreeMap::new(),
    };
    let made = merged::begin(&mut laid.stage, &packages)?;
    laid.stage.notes.extend(made);
    for package in &packages {
        laid.claimants
            .insert(package.name().to_owned(), Claimant::of(package));
    }
    for package in &packages {
        laid.lay(package).map_err(|error| {
            error.within(format_args!("cannot install package {:?}", package.name()))
        })?;
    }
    let Stage {
        mut tree,
        mut notes,
    } = laid.stage;
    notes.extend(database::write(&mut tree, &packages)?);
    let names = records.iter().map(|record| record.name.as_str()).collect();
    notes.extend(generate(&mut tree, arch, &names)?);
    let mut cut: Vec<_> = records.iter().map(|record| record.to_cut()).collect();
    cut.sort();
    Ok(CutRootfs {
        arch,
        tree,
        packages: cut,
        slices: Vec::new(),
        notes,
    })
}

/// The tree in the making.
struct Laid<'l> {
    stage: Stage,
    excludes: &'l PathExcludes,
    claimants: BTreeMap<String, Claimant>,
}

impl Laid<'_> {
    /// Lays one package down.
    fn lay(&mut self, package: &DebReader) -> Result<()> {
        let name: Arc<str> = package.name().into();
        let mut modes = FolderModes::new();
        let mut linked: BTreeMap<&str, TreePath> = BTreeMap::new();
        let mut contents: BTreeMap<&str, &deb::Entry> = BTreeMap::new();
        for entry in package.entries().iter().filter(|entry| entry.path != "/") {
            let path = entry.path.as_str();
            if matches!(entry.kind, EntryKind::Dir) {
                modes.insert(format!("{path}/"), entry.mode);
                if !self.excludes.leaves_out_folder(path) {
                    let made = dressed(Entry::directory(entry.mode, origin(&name)), entry, &name);
                    self.stage.place_absent_folder(path, made, &modes)?;
                }
                continue;
            }
            if let EntryKind::File(_) = &entry.kind {
                contents.insert(path, entry);
            }
            let left_out = match entry.kind {
                EntryKind::Symlink(_) => self.excludes.leaves_out_folder(path),
                _ => self.excludes.leaves_out_file(path),
            };
            if left_out {
                continue;
            }
            if let Some(real) = self.place(entry, &name, &modes, &linked, &contents)? {
                linked.insert(path, real);
            }
        }
        Ok(())
    }

    /// Places one entry that is no folder; where it lies, unless another package keeps the path.
    fn place(
        &mut self,
        entry: &deb::Entry,
        name: &Arc<str>,
        modes: &FolderModes,
        linked: &BTreeMap<&str, TreePath>,
        contents: &BTreeMap<&str, &deb::Entry>,
    ) -> Result<Option<TreePath>> {
        let (kind, mode, look) = match &entry.kind {
            EntryKind::Dir => return Ok(None),
            EntryKind::File(bytes) => (Kind::File(Blob::new(bytes.clone())), entry.mode, entry),
            EntryKind::Symlink(target) => (
                Kind::Symlink {
                    target: target.clone(),
                },
                0o777,
                entry,
            ),
            EntryKind::Char { major, minor } => (
                Kind::CharDevice {
                    major: *major,
                    minor: *minor,
                },
                entry.mode,
                entry,
            ),
            EntryKind::Block { major, minor } => (
                Kind::BlockDevice {
                    major: *major,
                    minor: *minor,
                },
                entry.mode,
                entry,
            ),
            EntryKind::Fifo => (Kind::Fifo, entry.mode, entry),
            EntryKind::Hardlink(to) => match (linked.get(to.as_str()), contents.get(to.as_str())) {
                (Some(real), _) => (Kind::Hardlink { to: real.clone() }, entry.mode, entry),
                // The file itself was left out: this name carries its content.
                (None, Some(file)) => match &file.kind {
                    EntryKind::File(bytes) => {
                        (Kind::File(Blob::new(bytes.clone())), file.mode, *file)
                    }
                    _ => return Ok(None),
                },
                (None, None) => {
                    let text = format!("hard link {} leads nowhere: {to}", entry.path);
                    return Err(Error::new(ErrorClass::Tree, text));
                }
            },
        };
        let new = dressed(Entry::new(kind, mode, origin(name)), look, name);
        let path = TreePath::new(&entry.path)
            .map_err(|error| Error::caused_by(ErrorClass::Tree, error.to_string(), error))?;
        if let Ok(real) = self.stage.tree.place(&path)
            && let Some(old) = self.stage.tree.get(&real)
            && !old.owners.contains(name)
            && let Some(note) = overlap::keeps(&self.stage.tree, &real, old, &new, &self.claimants)
        {
            self.stage.notes.extend(note);
            self.stage.tree.add_owner(&real, Arc::clone(name));
            return Ok(None);
        }
        self.stage.place(&entry.path, new, modes).map(Some)
    }
}

fn origin(name: &Arc<str>) -> Origin {
    Origin::Package(Arc::clone(name))
}

/// The entry with the owner, group and attributes that the archive gives it.
fn dressed(mut entry: Entry, from: &deb::Entry, name: &Arc<str>) -> Entry {
    entry.uid = u32::try_from(from.uid).unwrap_or_default();
    entry.gid = u32::try_from(from.gid).unwrap_or_default();
    entry.xattrs.clone_from(&from.xattrs);
    entry.with_owner(Arc::clone(name))
}

/// Puts a generated file at `path`, owner 0:0.
pub(crate) fn put(tree: &mut Tree, path: &str, entry: Entry) -> Result<()> {
    let path = TreePath::new(path)
        .map_err(|error| Error::caused_by(ErrorClass::Tree, error.to_string(), error))?;
    let place = tree
        .place(&path)
        .map_err(|error| Error::caused_by(ErrorClass::Tree, error.to_string(), error))?;
    tree.insert(place, entry)
        .map_err(crate::stage::tree_error)?;
    Ok(())
}
