//! The words that name a release, and say when it may be used.

use chisel::Ignored;
use clap::{Args, ValueEnum};

use crate::host;
use crate::releases::{Freshness, ReleaseChoice};

/// The release that slices are taken from.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArguments {
    /// A folder (with a `/` in it), a shipped name, or `ubuntu-NN.NN`, which is obtained from where
    /// it is published. Default: the host's own on Ubuntu, else debian-13.
    #[arg(long, value_name = "DIR|NAME")]
    pub release: Option<String>,
    /// Use a release all the same although it is not out yet (unstable), or although none of its
    /// archives is maintained any more (unmaintained); repeatable.
    #[arg(
        long,
        value_name = "unstable|unmaintained",
        hide_possible_values = true
    )]
    pub ignore: Vec<IgnoredStatus>,
    /// Take the kept copy of an Ubuntu release, as old as it is, and ask no server for a newer one.
    #[arg(long)]
    pub offline: bool,
}

/// What can be ignored about a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IgnoredStatus {
    /// It is not out yet.
    Unstable,
    /// None of its archives is maintained any more.
    Unmaintained,
}

impl IgnoredStatus {
    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unstable => "unstable",
            Self::Unmaintained => "unmaintained",
        }
    }
}

impl ReleaseArguments {
    /// No word about it.
    pub const NONE: Self = Self {
        release: None,
        ignore: Vec::new(),
        offline: false,
    };

    /// Which of several releases is meant, on this host.
    pub fn choice(&self) -> ReleaseChoice {
        ReleaseChoice::new(self.release.as_deref(), &host::root())
    }

    /// Whether a kept copy will do.
    pub const fn freshness(&self) -> Freshness {
        if self.offline {
            Freshness::Kept
        } else {
            Freshness::Newest
        }
    }

    /// What is to be ignored.
    pub fn ignored(&self) -> Vec<Ignored> {
        let each = self.ignore.iter().map(|status| match status {
            IgnoredStatus::Unstable => Ignored::Unstable,
            IgnoredStatus::Unmaintained => Ignored::Unmaintained,
        });
        each.collect()
    }
}
