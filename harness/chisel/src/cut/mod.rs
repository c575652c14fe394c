//! The cut: selected slices become a tree, straight from the streams of their packages.
//!
//! Packages are read in parallel and laid down one after the other in the order of the
//! selection, so the result does not depend on the number of threads.

mod extract;
mod made;
mod manifest;
mod mutate;
mod passing;
mod payload;
mod report;
mod session;
mod want;

use std::sync::Arc;

use rayon::prelude::*;
use rootfs::{Blob, CutPackage, CutRootfs, Entry, Origin, Spool, Tree};

pub use manifest::Manifest;
pub use mutate::ScriptLimits;
pub(crate) use payload::open;
pub(crate) use want::{SliceNames, Wants, parent};

use crate::error::{Error, ErrorClass, Result};
use crate::metadata::PackageContents;
use crate::select::Selection;
use crate::source::{PackageRecord, PackageSource};
use crate::stage::{FolderModes, Stage};
use made::Turn;
use report::{Report, What};
use want::Claim;

/// A finished cut.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The tree, with owners by slice.
    pub rootfs: CutRootfs,
    /// What it is made of. Lies in the tree too where a slice asks for it.
    pub manifest: Manifest,
    /// The packages, in the order they were laid down.
    pub records: Vec<PackageRecord>,
    /// What each of them says of itself, in the same order.
    pub contents: Vec<PackageContents>,
}

/// Cuts `selection` out of the packages of `source`.
pub fn cut(
    selection: &Selection<'_>,
    source: &dyn PackageSource,
    limits: ScriptLimits,
) -> Result<Cut> {
    cut_over(selection, source, limits, Tree::new(), None)
}

/// The same on top of what a folder holds already, as the reference tool cuts into a root that is
/// not empty: its folders and links stay, what stands in the way of a file or link gives way.
/// Entries of `existing` keep [`Origin::Disk`] unless the cut replaces them. With a `spool` on the
/// disk of that folder packages are never held whole: large contents go there as they are unpacked.
pub fn cut_over(
    selection: &Selection<'_>,
    source: &dyn PackageSource,
    limits: ScriptLimits,
    existing: Tree,
    spool: Option<&Spool>,
) -> Result<Cut> {
    let names = SliceNames::of(selection);
    let manifests = made::manifests(selection, &names)?;
    let records = records(selection, source)?;
    let wants: Vec<Wants> = records
        .iter()
        .map(|record| Wants::of(selection, &record.name, &names))
        .collect();
    let payloads = payloads(source, &records, &wants, spool);
    let mut stage = Stage::over(existing);
    let mut report = Report::default();
    let mut contents = Vec::new();
    made::make(selection, &names, Turn::First, &mut stage, &mut report)?;
    for (record, payload) in records.iter().zip(payloads) {
        let name: Arc<str> = record.name.as_str().into();
        let payload = payload?;
        contents.push(payload.contents);
        extract::Extraction::run(&mut stage, &mut report, &name, payload.steps)
            .map_err(|error| error.within(format_args!("cannot extract from package {name:?}")))?;
    }
    made::make(selection, &names, Turn::Last, &mut stage, &mut report)?;
    mutate::run(&selection.slices, limits, &mut stage, &mut report)?;
    remove_leaving(&mut stage, &mut report);
    finish(selection, (records, contents), &manifests, stage, report)
}

/// Reads what is wanted of each package, in the order of `records`. The largest are begun first and
/// threads take one at a time, so that none is left alone with a large one at the end.
fn payloads<'w>(
    source: &dyn PackageSource,
    records: &[PackageRecord],
    wants: &'w [Wants],
    spool: Option<&Spool>,
) -> Vec<Result<payload::Payload<'w>>> {
    let mut largest_first: Vec<(usize, &PackageRecord)> = records.iter().enumerate().collect();
    largest_first.sort_by_key(|(_, record)| std::cmp::Reverse(record.size));
    let mut read: Vec<(usize, Result<payload::Payload<'w>>)> = largest_first
        .into_iter()
        .par_bridge()
        .map(|(index, record)| (index, payload::read(source, record, &wants[index], spool)))
        .collect();
    read.sort_by_key(|(index, _)| *index);
    read.into_iter().map(|(_, payload)| payload).collect()
}

/// The package of every selected slice, in the order of work: what a cut will open.
pub fn records(
    selection: &Selection<'_>,
    source: &dyn PackageSource,
) -> Result<Vec<PackageRecord>> {
    let mut records = Vec::new();
    for name in selection.packages() {
        let package = selection.release.packages.get(name);
        let pin = package.and_then(|package| package.archive.as_deref());
        let found = source.lookup(name, selection.arch, pin)?.ok_or_else(|| {
            let why = source.why_missing(name).map(|why| format!(": {why}"));
            let why = why.unwrap_or_default();
            let text = format!("cannot find package {name:?} in archive(s){why}");
            Error::new(ErrorClass::PackageMissing, text)
        })?;
        records.push(found);
    }
    Ok(records)
}

/// Removes what was only there for the scripts: deepest first, folders only when empty.
fn remove_leaving(stage: &mut Stage, report: &mut Report) {
    for (path, record) in report.take_leaving() {
        let filled = path.ends_with('/') && stage.tree.below(&record.real).next().is_some();
        if !filled {
            stage.tree.remove(&record.real);
        }
    }
}

/// Writes the manifests and puts everything together.
fn finish(
    selection: &Selection<'_>,
    (records, contents): (Vec<PackageRecord>, Vec<PackageContents>),
    manifests: &[(String, Arc<str>)],
    mut stage: Stage,
    mut report: Report,
) -> Result<Cut> {
    let mut packages: Vec<CutPackage> = records.iter().map(PackageRecord::to_cut).collect();
    packages.sort();
    let mut slices: Vec<String> = selection
        .slices
        .iter()
        .map(|slice| slice.key.to_string())
        .collect();
    slices.sort();
    let mut places = Vec::new();
    for (path, slice) in manifests {
        let entry = Entry::file(
            Blob::new(Vec::new()),
            0o644,
            Origin::Generated("manifest".into()),
        );
        let entry = entry.with_owner(Arc::clone(slice));
        let real = stage.place(path, entry, &FolderModes::new())?;
        let claim = Claim {
            slice: Arc::clone(slice),
            target: None,
            mutable: false,
            until_mutate: false,
        };
        report.add(path, 0o644, What::Generated, real.clone(), [&claim])?;
        places.push(real);
    }
    let manifest = Manifest::write(&report, &packages, &slices)?;
    if !places.is_empty() {
        let packed = Blob::new(manifest.packed()?);
        for place in places {
            let entry = stage.tree.get(&place).cloned();
            if let Some(mut entry) = entry {
                entry.kind = rootfs::Kind::File(packed.clone());
                stage
                    .tree
                    .insert(place, entry)
                    .map_err(crate::stage::tree_error)?;
            }
        }
    }
    let rootfs = CutRootfs {
        arch: selection.arch,
        tree: stage.tree,
        packages,
        slices,
        notes: stage.notes,
    };
    Ok(Cut {
        rootfs,
        manifest,
        records,
        contents,
    })
}
