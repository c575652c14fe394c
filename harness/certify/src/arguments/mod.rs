//! The command line.

mod release;
mod slices;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

pub use release::*;
pub use slices::*;

/// Certifies chiseled container images: cuts or takes them, runs them beside their baseline,
/// measures, judges, reports.
#[derive(Debug, Parser)]
#[command(name = "certify", version, max_term_width = 100)]
pub struct Arguments {
    /// Folder with your certify.yaml, images/, releases/ and suites/profiles/; what lies there wins
    /// over what ships. Default: the working folder, when it has a certify.yaml.
    #[arg(long, global = true, value_name = "DIR", env = "CERTIFY_CONFIG")]
    pub config: Option<Utf8PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Everything the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The main job: cut, run, measure, judge, report (`cargo xtask certify`).
    Run(RunArguments),
    /// What would run, without running it.
    Plan(RunArguments),
    /// Build one image into an OCI layout.
    Build(BuildArguments),
    /// Read a run folder: its verdict, its exit code; writes every report format again.
    Report(RunFolder),
    /// Judge a run's samples again, under another profile if one is given.
    Judge(JudgeArguments),
    /// Look into a room of a run: plan, samples, verdict, image, sessions.
    Show(ShowArguments),
    /// One check's page: what it demands, how it is shown, how to mend a failure.
    Explain(ExplainArguments),
    /// Images, controls, suites, checks, platforms, profiles, releases.
    List(ListArguments),
    /// What this host can do, and what would provide the rest.
    Doctor(DoctorArguments),
    /// The least rights that a run needs in a cluster, as manifests for its administrator.
    Rbac(RbacArguments),
    /// Remove what a killed run left behind.
    Sweep(RunFolder),
    /// Published JSON Schemas: report, image, profile, certify.yaml.
    Schema(SchemaArguments),
    /// Releases and their slices: the chisel-compatible tool, and what goes beyond it.
    Slices(SlicesArguments),
}

/// What to certify, where and how.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Image: a shipped name, a spec file, or an existing image: a layout folder, an archive
    /// (`docker-archive:PATH`), a registry's (`docker://NAME`, or with its host) or a daemon's
    /// (`docker-daemon:NAME`); repeatable. Default: those of certify.yaml, else all.
    #[arg(long = "image", value_name = "NAME|FILE|REF")]
    pub images: Vec<String>,
    /// Platform; repeatable. Default: those of certify.yaml, else the embedded runtime.
    #[arg(long = "platform", value_name = "NAME")]
    pub platforms: Vec<String>,
    /// Suite; repeatable. Default: those of certify.yaml, else all.
    #[arg(long = "suite", value_name = "NAME")]
    pub suites: Vec<String>,
    /// smoke, standard, or a profile file. Default: that of certify.yaml, else smoke.
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Compare with this existing image instead, or with `none`.
    #[arg(long, value_name = "REF|none")]
    pub baseline: Option<String>,
    /// The run folder; must be absent or empty.
    #[arg(long, value_name = "DIR")]
    pub out: Option<Utf8PathBuf>,
    /// Speak to this registry (HOST or HOST:PORT) without encryption; repeatable. Loopback addresses
    /// are spoken to so in any case.
    #[arg(long = "plain-http", value_name = "HOST")]
    pub plain_http: Vec<String>,
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// Print report.json on standard output.
    #[arg(long)]
    pub json: bool,
}

/// What to build.
#[derive(Debug, Clone, Args)]
pub struct BuildArguments {
    /// Image: a shipped name, a spec file, or an existing image as `run` takes it.
    pub image: String,
    /// The run folder; must be absent or empty. Layouts lie in it at
    /// `images/IMAGE/candidate/ARCH`, documents about them at `metadata/` there.
    #[arg(long, value_name = "DIR")]
    pub out: Utf8PathBuf,
    /// Architecture, default the host's; repeatable: then `images/IMAGE/candidate/all` is one layout
    /// with an index of them. Finish steps must be `portable` for another one than the host's.
    #[arg(long = "arch", value_name = "ARCH")]
    pub arches: Vec<String>,
    /// Write the documents (bills of materials, licences, ...) into this folder too, with several
    /// architectures into a folder for each; must be absent or empty.
    #[arg(long, value_name = "DIR")]
    pub metadata: Option<Utf8PathBuf>,
    /// Build of the packages that this lock (`slices lock --image`) holds, or not at all. An image
    /// that was built of the same before is taken up again.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<Utf8PathBuf>,
    /// Push it to a registry too: `[HOST[:PORT]/]PATH[:TAG]`; repeatable.
    #[arg(long = "push", value_name = "REF")]
    pub push: Vec<String>,
    /// Speak to this registry (HOST or HOST:PORT) without encryption; repeatable. Loopback addresses
    /// are spoken to so in any case.
    #[arg(long = "plain-http", value_name = "HOST")]
    pub plain_http: Vec<String>,
    /// The release and its archives.
    #[command(flatten)]
    pub source: SourceArguments,
    /// Print the image's facts as JSON on standard output; of several a list, and their index.
    #[arg(long)]
    pub json: bool,
}

/// A run.
#[derive(Debug, Clone, Args)]
pub struct RunFolder {
    /// A run folder, a run id, or `latest`.
    #[arg(default_value = "latest")]
    pub run: String,
    /// Print report.json on standard output.
    #[arg(long)]
    pub json: bool,
}

/// A run judged again.
#[derive(Debug, Clone, Args)]
pub struct JudgeArguments {
    /// A run folder, a run id, or `latest`.
    #[arg(default_value = "latest")]
    pub run: String,
    /// Another profile: a name or a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Print the verdict as JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// A room of a run.
#[derive(Debug, Clone, Args)]
pub struct ShowArguments {
    /// plan, samples, verdict, image or sessions.
    pub room: String,
    /// A run folder, a run id, or `latest`.
    #[arg(default_value = "latest")]
    pub run: String,
    /// Only this cell: `python/oci/amd64/startup`.
    #[arg(long, value_name = "CELL")]
    pub cell: Option<String>,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// A check.
#[derive(Debug, Clone, Args)]
pub struct ExplainArguments {
    /// Its id: IMM-005, startup.warm.app-ready.
    pub id: String,
    /// JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// The registries.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// The host.
#[derive(Debug, Clone, Args)]
pub struct DoctorArguments {
    /// Its archives.
    #[command(flatten)]
    pub archives: MirrorArguments,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Rights in a cluster.
#[derive(Debug, Clone, Args)]
pub struct RbacArguments {
    /// Platform: a kind of cluster.
    #[arg(long, value_name = "NAME")]
    pub platform: String,
    /// The namespace that runs will use.
    #[arg(long, default_value = "certify", value_name = "NAME")]
    pub namespace: String,
}

/// A schema.
#[derive(Debug, Clone, Args)]
pub struct SchemaArguments {
    /// report, image, variation, profile or certify.yaml.
    pub of: String,
}
