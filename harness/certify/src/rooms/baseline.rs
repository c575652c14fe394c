//! The default baseline: what `apt-get install --no-install-recommends` of the spec's packages on
//! the release's slim base gives.

use anyhow::Result;
use chisel::{ArchiveSource, PackageRecord};

use super::building::Opened;

/// `packages` with everything they need, and the slim base of the release.
pub(super) fn records(opened: &Opened, packages: &[String]) -> Result<Vec<PackageRecord>> {
    let archive = opened.archives.archive();
    let base = deb::minbase(archive)?;
    let mut roots: Vec<String> = base.into_iter().map(|offer| offer.package.name).collect();
    roots.extend(packages.iter().cloned());
    roots.sort();
    let closure = deb::closure(&roots, archive)?;
    Ok(closure.iter().map(ArchiveSource::record).collect())
}
