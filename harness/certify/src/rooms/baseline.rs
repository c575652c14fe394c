//! The default baseline: what `apt-get install --no-install-recommends` of the spec's packages on
//! the release's slim base gives.

use anyhow::Result;
use chisel::{ArchiveSource, PackageRecord, PathExcludes};
use model::Arch;
use rootfs::CutRootfs;

use super::building::Opened;

/// Installs `packages` with everything they need on the slim base of the release.
pub(super) fn install(opened: &Opened, packages: &[String], arch: Arch) -> Result<CutRootfs> {
    let archive = opened.archives.archive();
    let base = deb::minbase(archive)?;
    let mut roots: Vec<String> = base.into_iter().map(|offer| offer.package.name).collect();
    roots.extend(packages.iter().cloned());
    roots.sort();
    let closure = deb::closure(&roots, archive)?;
    let records: Vec<PackageRecord> = closure.iter().map(ArchiveSource::record).collect();
    opened.archives.fetch(&records)?;
    Ok(chisel::cut_whole(
        &records,
        arch,
        &PathExcludes::slim(),
        &opened.archives,
    )?)
}
