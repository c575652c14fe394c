//! What `--release` names.

use camino::Utf8Path;
use chisel::{Release, ReleaseFiles, Strictness};

use crate::rooms::archives;
use crate::rooms::release_cache::ReleaseCache;
use crate::shipped::Shelf;
use crate::{Failure, OrExit};

/// A release folder, or a shipped name.
pub(super) fn release(name: &str, shelf: &Shelf) -> Result<Release, Failure> {
    let path = Utf8Path::new(name);
    if path.is_dir() {
        let files = ReleaseFiles::from_folder(path).or_usage()?;
        return validated(&files, Strictness::Foreign);
    }
    let files = shelf.release(name).or_usage()?;
    validated(&ReleaseFiles::from_pairs(name, files), Strictness::Own)
}

fn validated(files: &ReleaseFiles, strictness: Strictness) -> Result<Release, Failure> {
    let kept = ReleaseCache::of(&archives::cache());
    Release::from_files_or_kept(files, strictness, &kept).or_usage()
}
