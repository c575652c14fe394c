//! The words behind `slices`.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use super::{ArchArguments, MirrorArguments, ReleaseArguments, SourceArguments, SubjectRelease};

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
    /// What only maintainers of a release need.
    Debug(DebugArguments),
    /// Validate a release: every definition, every conflict, every essential.
    Check(CheckArguments),
    /// Cut every slice alone and judge what it holds.
    Lint(LintArguments),
    /// Write down which release and packages a cut is made of, or show what changes.
    Lock(LockArguments),
    /// What an application needs: packages, slices, and drafts of slices that are not there yet.
    Advise(AdviseArguments),
}

impl SlicesVerb {
    /// Verbs that the reference tool does not have. All others, mistyped ones too, end a failure as
    /// it does.
    pub const OURS: [&str; 5] = ["check", "lint", "lock", "advise", "help"];
}

/// What to cut.
#[derive(Debug, Clone, Args)]
pub struct CutArguments {
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// The existing folder the files go to. What lies there stays unless the cut has another file
    /// in its place.
    #[arg(long, value_name = "DIR")]
    pub root: Utf8PathBuf,
    /// The architecture.
    #[command(flatten)]
    pub arch: ArchArguments,
    /// Cut what this lock holds and refuse anything else; without slices those of the lock.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<Utf8PathBuf>,
    /// Say what would be cut and from which packages; fetch and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Cut anew even if an earlier call cut the same slices of the same packages.
    #[arg(long)]
    pub no_cache: bool,
    /// Cut with the reference tool too, into a folder of its own, and show what differs (exit code 1).
    /// It looks for packages where it always does; the root must be empty before.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "dry_run")]
    pub with_reference: Option<String>,
    /// Threads; default one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Only errors on standard error.
    #[arg(long)]
    pub quiet: bool,
    /// What was cut as JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// Write documents about what was cut (bills of materials, licences, ...) into this folder; must
    /// be absent or empty. Their time is `SOURCE_DATE_EPOCH`, else one fixed time.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub metadata: Option<Utf8PathBuf>,
    /// Slices: `package_slice`.
    #[arg(required_unless_present = "lock", value_name = "SLICE")]
    pub slices: Vec<String>,
}

/// What to look for.
#[derive(Debug, Clone, Args)]
pub struct FindArguments {
    /// The release.
    #[command(flatten)]
    pub release: ReleaseArguments,
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
    /// The release.
    #[command(flatten)]
    pub release: ReleaseArguments,
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
    /// The release.
    #[command(flatten)]
    pub release: SubjectRelease,
    /// Print instead what this program deliberately does otherwise than the reference tool.
    #[arg(long)]
    pub explain_differences: bool,
    /// JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// What maintainers look at.
#[derive(Debug, Clone, Args)]
pub struct DebugArguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: DebugVerb,
}

/// What maintainers look at.
#[derive(Debug, Clone, Subcommand)]
pub enum DebugVerb {
    /// Fetch every package that has slices and say where folders that no slice lists differ.
    CheckReleaseArchives(CheckArchivesArguments),
}

/// Which archives to check.
#[derive(Debug, Clone, Args)]
pub struct CheckArchivesArguments {
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// The architecture.
    #[command(flatten)]
    pub arch: ArchArguments,
    /// JSON instead of YAML.
    #[arg(long)]
    pub json: bool,
}

/// What to lock.
#[derive(Debug, Clone, Args)]
pub struct LockArguments {
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// The file.
    #[arg(long, default_value = chisel::Lock::FILE, value_name = "FILE")]
    pub lock: Utf8PathBuf,
    /// Architecture; repeatable. Default: those of the lock, else the host's.
    #[arg(long = "arch", value_name = "ARCH")]
    pub arch: Vec<String>,
    /// Lock the slices that this image spec asks for.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "slices")]
    pub image: Option<String>,
    /// Write the file even if that changes it.
    #[arg(long, conflicts_with = "locked")]
    pub update: bool,
    /// Write nothing: only say whether the archives still give what the lock holds.
    #[arg(long)]
    pub locked: bool,
    /// What changes as JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// Slices: `package_slice`. Default: those of the lock.
    #[arg(value_name = "SLICE")]
    pub slices: Vec<String>,
}

/// What to follow.
#[derive(Debug, Clone, Args)]
pub struct AdviseArguments {
    /// A program, a folder with an application, or packages of the archive.
    #[arg(required = true, value_name = "PATH|PACKAGE")]
    pub subjects: Vec<String>,
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// The architecture.
    #[command(flatten)]
    pub arch: ArchArguments,
    /// Write the release with the drafts into this folder, absent or empty: `slices cut` takes it.
    #[arg(long, value_name = "DIR")]
    pub draft: Option<Utf8PathBuf>,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// What to judge.
#[derive(Debug, Clone, Args)]
pub struct LintArguments {
    /// The release.
    #[command(flatten)]
    pub release: SubjectRelease,
    /// A slice, `package_slice`; repeatable; default all.
    #[arg(long = "slice", value_name = "SLICE")]
    pub slices: Vec<String>,
    /// The architecture.
    #[command(flatten)]
    pub arch: ArchArguments,
    /// Its archives.
    #[command(flatten)]
    pub archives: MirrorArguments,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}
