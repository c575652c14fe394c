//! What `--release` names.

use camino::Utf8Path;
use chisel::{Release, ReleaseFiles, Strictness};

use crate::shipped::Shelf;
use crate::{Failure, OrExit};

/// A release folder, or a shipped name.
pub(super) fn release(name: &str, shelf: &Shelf) -> Result<Release, Failure> {
    let path = Utf8Path::new(name);
    if path.is_dir() {
        return Release::load(path, Strictness::Foreign).or_usage();
    }
    let files = shelf.release(name).or_usage()?;
    Release::from_files(&ReleaseFiles::from_pairs(name, files), Strictness::Own).or_usage()
}
