//! What `--release` names.

use chisel::Release;
use engine::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::arguments::ReleaseArguments;
use crate::releases::Releases;
use crate::rooms::archives;
use crate::shipped::Shelf;
use crate::{Failure, Terminal};

/// The release that was asked for, else the host's own on Ubuntu, else the default one.
pub(super) fn release(
    asked: &ReleaseArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<Release, Failure> {
    let stop = CancellationToken::new();
    let when = (Clock::system(), &stop);
    let releases = Releases::new(shelf, &archives::cache(), asked.freshness(), when);
    let (release, note) = releases.load(asked.choice().sole())?;
    if let Some(note) = note {
        terminal.say("Release", &note);
    }
    for note in &release.notes {
        terminal.say("Note", note);
    }
    Ok(release)
}
