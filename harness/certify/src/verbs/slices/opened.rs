//! What the verbs that look into archives have in common: an architecture, slices, open archives.

use anyhow::Context;
use chisel::{Ignored, Release};
use engine::clock::Clock;
use model::Arch;
use tokio_util::sync::CancellationToken;

use crate::rooms::archives::{self, Archives, Mirrors};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal};

/// Where and how archives are looked for.
pub(super) struct Looking<'a> {
    /// The values of `--mirror`.
    pub(super) mirrors: &'a [String],
    /// What is overlooked about the release.
    pub(super) ignored: Vec<Ignored>,
    /// Whose habits hold.
    pub(super) habits: Habits,
}

/// Whose habits hold where an address is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habits {
    /// Those of the reference tool: a release of Ubuntu's has its public archives, whatever the
    /// host's own sources are.
    Reference,
    /// Ours: the host's own sources come first.
    Ours,
}

/// The architecture called `text`, else the host's.
pub(super) fn arch(text: Option<&str>) -> Result<Arch, Failure> {
    match text {
        Some(text) => text.parse().or_usage(),
        None => Arch::host()
            .context("the host's architecture is not one of ours")
            .or_usage(),
    }
}

/// The archives of `release` for `arch`.
pub(super) fn archives(
    release: &Release,
    arch: Arch,
    looking: &Looking<'_>,
    (shelf, terminal): (&Shelf, &Terminal),
) -> Result<Archives, Failure> {
    let mirrors = Mirrors::read(looking.mirrors, shelf).or_usage()?;
    let mirrors = match looking.habits {
        Habits::Reference => mirrors.as_the_reference(),
        Habits::Ours => mirrors,
    };
    let mirrors = mirrors.ignoring(&looking.ignored);
    let stop = CancellationToken::new();
    let opening = (arch, Clock::system());
    let archives = Archives::open(&archives::cache(), release, &mirrors, opening, &stop);
    let archives = archives.or_unavailable()?;
    for note in archives.notes() {
        terminal.say("Note", note);
    }
    Ok(archives)
}
