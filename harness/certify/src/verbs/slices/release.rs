//! What `--release` names.

use chisel::Release;
use engine::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::arguments::ReleaseArguments;
use crate::releases::Releases;
use crate::rooms::archives;
use crate::rooms::release_cache::ReleaseCache;
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal};

/// The release that was asked for, else the host's own on Ubuntu, else the default one; validated
/// by this call or, if the very same files were, by an earlier one.
pub(super) fn release(
    asked: &ReleaseArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<Release, Failure> {
    let stop = CancellationToken::new();
    let when = (Clock::system(), &stop);
    let cache = archives::cache();
    let releases = Releases::new(shelf, &cache, asked.freshness(), when);
    let found = releases.find(asked.choice().sole())?;
    if let Some(note) = &found.note {
        terminal.say("Release", note);
    }
    let kept = ReleaseCache::of(&cache);
    let release = Release::from_files_or_kept(&found.files, found.strictness, &kept).or_usage()?;
    for note in &release.notes {
        terminal.say("Note", note);
    }
    Ok(release)
}
