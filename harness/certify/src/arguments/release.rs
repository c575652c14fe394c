//! The words that name a release, say when it may be used, and where its packages come from.

use chisel::Ignored;
use clap::{Args, ValueEnum};

use crate::host;
use crate::releases::{Freshness, ReleaseChoice};

/// The release that slices are taken from, for verbs that read no more than its definitions.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArguments {
    /// A folder (with a `/` in it), a shipped name, or `ubuntu-NN.NN`, which is obtained from where
    /// it is published. Default: the host's own on Ubuntu, else debian-13.
    #[arg(long, value_name = "DIR|NAME")]
    pub release: Option<String>,
    /// Whether a kept copy will do.
    #[command(flatten)]
    pub kept: KeptArguments,
}

/// The same for verbs that are about a release: it stands alone after the verb.
#[derive(Debug, Clone, Args)]
pub struct SubjectRelease {
    /// A folder (with a `/` in it), a shipped name, or `ubuntu-NN.NN`. Default: the host's own on
    /// Ubuntu, else debian-13.
    pub release: Option<String>,
    /// Whether a kept copy will do.
    #[command(flatten)]
    pub kept: KeptArguments,
}

/// Whether a kept copy will do.
#[derive(Debug, Clone, Args)]
pub struct KeptArguments {
    /// Take the kept copy of an Ubuntu release, as old as it is, and ask no server for a newer one.
    #[arg(long)]
    pub offline: bool,
}

/// The release, when it may be used, and where its packages come from, for verbs that open its
/// archives.
#[derive(Debug, Clone, Args)]
pub struct SourceArguments {
    /// The release.
    #[command(flatten)]
    pub release: ReleaseArguments,
    /// Use a release all the same although it is not out yet (unstable), or although none of its
    /// archives is maintained any more (unmaintained); repeatable.
    #[arg(
        long,
        value_name = "unstable|unmaintained",
        hide_possible_values = true
    )]
    pub ignore: Vec<IgnoredStatus>,
    /// Its archives.
    #[command(flatten)]
    pub archives: MirrorArguments,
}

/// Where packages come from.
#[derive(Debug, Clone, Args)]
pub struct MirrorArguments {
    /// Where packages come from: URL, or ARCHIVE=URL; repeatable.
    #[arg(long = "mirror", value_name = "[NAME=]URL")]
    pub mirrors: Vec<String>,
}

/// One architecture.
#[derive(Debug, Clone, Args)]
pub struct ArchArguments {
    /// Architecture, default the host's.
    #[arg(long)]
    pub arch: Option<String>,
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
    /// Which of several releases is meant, on this host.
    pub fn choice(&self) -> ReleaseChoice {
        ReleaseChoice::new(self.release.as_deref(), &host::root())
    }

    /// Whether a kept copy will do.
    pub const fn freshness(&self) -> Freshness {
        if self.kept.offline {
            Freshness::Kept
        } else {
            Freshness::Newest
        }
    }
}

impl SubjectRelease {
    /// As if it had been named by an option.
    pub fn named(&self) -> ReleaseArguments {
        ReleaseArguments {
            release: self.release.clone(),
            kept: self.kept.clone(),
        }
    }
}

impl SourceArguments {
    /// No word about it.
    pub const NONE: Self = Self {
        release: ReleaseArguments {
            release: None,
            kept: KeptArguments { offline: false },
        },
        ignore: Vec::new(),
        archives: MirrorArguments {
            mirrors: Vec::new(),
        },
    };

    /// Where packages come from: URL, or ARCHIVE=URL.
    pub fn mirrors(&self) -> &[String] {
        &self.archives.mirrors
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
