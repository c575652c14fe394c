//! Releases by what people call them: one resolver for every verb and every image spec.
//!
//! A word with a `/` is a folder, then a name on the shelf wins, then a label of Ubuntu's
//! (`ubuntu-24.04`), which is obtained from where such releases are published and kept.

mod choice;
mod label;
mod obtain;
mod tarball;

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{Release, ReleaseFiles, Strictness};
use engine::clock::Clock;
use model::ExitCode;
use tokio_util::sync::CancellationToken;

use crate::shipped::Shelf;
use crate::{Failure, OrExit};

pub use choice::ReleaseChoice;
pub use label::{DEFAULT, of_host};

/// Finds releases.
#[derive(Debug, Clone)]
pub struct Releases<'a> {
    shelf: &'a Shelf,
    cache: Utf8PathBuf,
    freshness: Freshness,
    clock: Clock,
    stop: CancellationToken,
}

/// Whether a release that others publish may be one that was obtained earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Its server is asked, and must answer.
    Newest,
    /// The kept one, as old as it is; no server is asked.
    Kept,
}

/// A release that was found.
#[derive(Debug, Clone)]
pub struct FoundRelease {
    /// Its files.
    pub files: ReleaseFiles,
    /// Whose they are.
    pub strictness: Strictness,
    /// Where they came from, when that is worth a word.
    pub note: Option<String>,
}

impl<'a> Releases<'a> {
    /// Looks on `shelf`, and keeps what others publish below the folder `cache`. `stop` ends a
    /// download early.
    pub fn new(
        shelf: &'a Shelf,
        cache: &Utf8Path,
        freshness: Freshness,
        (clock, stop): (Clock, &CancellationToken),
    ) -> Self {
        Self {
            shelf,
            cache: cache.join("releases"),
            freshness,
            clock,
            stop: stop.clone(),
        }
    }

    /// The files of the release that `name` means.
    ///
    /// A name that means nothing is bad input; a server that does not answer is the environment's.
    pub fn find(&self, name: &str) -> Result<FoundRelease, Failure> {
        if name.contains('/') {
            return Ok(FoundRelease {
                files: ReleaseFiles::from_folder(Utf8Path::new(name)).or_usage()?,
                strictness: Strictness::Foreign,
                note: None,
            });
        }
        let shelved = self.shelf.releases().or_usage()?;
        if shelved.iter().any(|known| known == name) {
            let files = self.shelf.release(name).or_usage()?;
            return Ok(FoundRelease {
                files: ReleaseFiles::from_pairs(name, files),
                strictness: Strictness::Own,
                note: None,
            });
        }
        if label::is_published(name) {
            return self.obtain(name);
        }
        let known = shelved.join(", ");
        let text = if label::is_label(name) {
            format!(
                "there is no release `{name}` (known: {known}, ubuntu-NN.NN, a folder with a /)"
            )
        } else {
            format!(
                "invalid release reference: {name:?} (known: {known}, ubuntu-NN.NN, a folder with a /)"
            )
        };
        Err(Failure::new(ExitCode::Usage, anyhow!(text)))
    }

    /// The same, read and validated.
    pub fn load(&self, name: &str) -> Result<(Release, Option<String>), Failure> {
        let found = self.find(name)?;
        let release = Release::from_files(&found.files, found.strictness).or_usage()?;
        Ok((release, found.note))
    }
}
