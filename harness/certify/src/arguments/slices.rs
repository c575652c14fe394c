//! The words behind `slices`.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

/// Releases and their slices.
#[derive(Debug, Clone, Args)]
pub struct SlicesArguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: SlicesVerb,
}

/// What can be done with slices.
#[derive(Debug, Clone, Subcommand)]
pub enum SlicesVerb {
    /// Cut slices into an existing folder.
    Cut(CutArguments),
    /// Find slices by name.
    Find(FindArguments),
    /// Print the definitions of packages and slices as YAML.
    Info(InfoArguments),
    /// Validate a release: every definition, every conflict, every essential.
    Check(CheckArguments),
}

impl SlicesVerb {
    /// Verbs of the reference tool: their options, output and exit codes are its own.
    pub const OF_THE_REFERENCE: [&str; 4] = ["cut", "find", "info", "debug"];
}

/// What to cut.
#[derive(Debug, Clone, Args)]
pub struct CutArguments {
    /// A release folder or a shipped name.
    #[arg(long, default_value = "debian-13", value_name = "DIR|NAME")]
    pub release: String,
    /// The existing folder the files go to.
    #[arg(long, value_name = "DIR")]
    pub root: Utf8PathBuf,
    /// Architecture, default the host's.
    #[arg(long)]
    pub arch: Option<String>,
    /// Where packages come from: URL, or ARCHIVE=URL; repeatable.
    #[arg(long = "mirror", value_name = "[NAME=]URL")]
    pub mirrors: Vec<String>,
    /// Write documents about what was cut (bills of materials, licences, ...) into this folder; must
    /// be absent or empty. Their time is `SOURCE_DATE_EPOCH`, else one fixed time.
    #[arg(long, value_name = "DIR")]
    pub metadata: Option<Utf8PathBuf>,
    /// Slices: `package_slice`.
    #[arg(required = true)]
    pub slices: Vec<String>,
}

/// What to look for.
#[derive(Debug, Clone, Args)]
pub struct FindArguments {
    /// A release folder or a shipped name.
    #[arg(long, default_value = "debian-13", value_name = "DIR|NAME")]
    pub release: String,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Words that must all match: part of a name, one letter may be wrong, `*` and `?` are
    /// wildcards; with `_` in front the name of the slice alone.
    #[arg(required = true, value_name = "QUERY")]
    pub queries: Vec<String>,
}

/// What to print.
#[derive(Debug, Clone, Args)]
pub struct InfoArguments {
    /// A release folder or a shipped name.
    #[arg(long, default_value = "debian-13", value_name = "DIR|NAME")]
    pub release: String,
    /// JSON instead of YAML.
    #[arg(long)]
    pub json: bool,
    /// Packages, or slices: `package_slice`.
    #[arg(required = true, value_name = "PKG|SLICE")]
    pub names: Vec<String>,
}

/// What to validate.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// A release folder or a shipped name.
    #[arg(default_value = "debian-13")]
    pub release: String,
}
