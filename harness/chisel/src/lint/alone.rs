//! Cutting one slice and nothing else, then judging it.

use deb::EntryKind;
use model::Arch;

use super::{Lint, PackageListing, Subject, cuts, lint};
use crate::cut::{ScriptLimits, cut, open};
use crate::error::{Error, ErrorClass, Result};
use crate::release::{Release, SliceKey};
use crate::select::select;
use crate::source::PackageSource;

/// Cuts the slice `key` of `release` with what it needs on `arch` and judges it by every rule.
/// Whoever judges many puts [`super::UnpackedPackages`] before the source.
///
/// # Errors
/// The slice does not exist, or the archive fails. That the slice cannot be cut is a finding.
pub fn lint_alone(
    release: &Release,
    key: &SliceKey,
    arch: Arch,
    source: &dyn PackageSource,
) -> Result<Vec<Lint>> {
    let selection = select(release, std::slice::from_ref(key), arch)?;
    let slice = release.slice(key).ok_or_else(|| {
        let text = format!("slice {key} not found");
        Error::new(ErrorClass::Reference, text)
    })?;
    let cut = match cut(&selection, source, ScriptLimits::STANDARD) {
        Ok(cut) => cut,
        Err(error) if error.class() == ErrorClass::Archive => return Err(error),
        Err(error) => return Ok(vec![cuts::fails(key, &error)]),
    };
    let own = cut
        .records
        .iter()
        .find(|record| record.name == key.package());
    let listing = match own {
        Some(record) => PackageListing::of(&open(&record.name, &source.open(record)?)?),
        None => PackageListing::default(),
    };
    Ok(lint(&Subject {
        slice,
        selection: &selection,
        tree: &cut.rootfs.tree,
        listing: &listing,
    }))
}

impl PackageListing {
    /// What `package` holds.
    pub(crate) fn of(package: &deb::DebReader) -> Self {
        let entries = package.entries().iter();
        let files = entries.filter(|entry| !matches!(entry.kind, EntryKind::Dir));
        Self {
            files: files
                .map(|entry| {
                    let is_link = matches!(entry.kind, EntryKind::Symlink(_));
                    (entry.path.clone(), is_link)
                })
                .collect(),
        }
    }
}
