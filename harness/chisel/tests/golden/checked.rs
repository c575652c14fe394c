//! The cases that check the archives of a release.

use camino::Utf8Path;
use chisel::{Error, ErrorClass, PackageRecord, Result, check_archives};

use crate::asked::Printed;
use crate::case::Case;
use crate::{arch, release, shelf, waiting};

/// Reads all packages of the case and prints where they disagree.
pub(crate) fn check(case: &Case) -> Result<Printed> {
    let release = release(case)?;
    let arch = arch(case)?;
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let waiting = waiting();
    let shelf = waiting.block_on(shelf::open(case, &release, arch, root))?;
    let fetch =
        |records: &[PackageRecord]| waiting.block_on(shelf.source.fetch(records, &shelf.fetcher));
    let found = check_archives(&release, arch, &shelf.source, &fetch)?;
    let text = "issues found in the release archives";
    let failed = (!found.issues.is_empty()).then(|| Error::new(ErrorClass::Tree, text));
    Ok((found.yaml(), failed))
}
