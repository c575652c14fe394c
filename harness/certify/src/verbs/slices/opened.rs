//! What the verbs that look into archives have in common: an architecture, slices, open archives.

use anyhow::{Context, anyhow};
use chisel::{Release, SliceKey};
use engine::clock::Clock;
use model::Arch;
use tokio_util::sync::CancellationToken;

use crate::rooms::archives::{self, Archives, Mirrors};
use crate::shipped::Shelf;
use crate::{Failure, OrExit};

/// The architecture called `text`, else the host's.
pub(super) fn arch(text: Option<&str>) -> Result<Arch, Failure> {
    match text {
        Some(text) => text.parse().or_usage(),
        None => Arch::host()
            .context("the host's architecture is not one of ours")
            .or_usage(),
    }
}

/// The names of slices that `texts` are.
pub(super) fn keys(texts: &[String]) -> Result<Vec<SliceKey>, Failure> {
    let key = |text: &String| text.parse().map_err(|error| anyhow!("{error}"));
    texts
        .iter()
        .map(key)
        .collect::<anyhow::Result<_>>()
        .or_usage()
}

/// The archives of `release` for `arch`.
pub(super) fn archives(
    release: &Release,
    arch: Arch,
    mirrors: &[String],
    shelf: &Shelf,
) -> Result<Archives, Failure> {
    let mirrors = Mirrors::read(mirrors, shelf).or_usage()?;
    let stop = CancellationToken::new();
    let opening = (arch, Clock::system());
    Archives::open(&archives::cache(), release, &mirrors, opening, &stop).or_unavailable()
}
