//! The command line: the part of runc's that a driver needs, with the same spelling.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// An OCI runtime.
#[derive(Debug, Parser)]
#[command(name = "launch", disable_version_flag = true)]
pub(crate) struct Arguments {
    /// Folder that holds the state of all containers.
    #[arg(long, default_value = "/run/launch", value_name = "DIR")]
    pub(crate) root: PathBuf,
    /// File that errors are appended to.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// How they are written there.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Whether to do without root's rights; `auto` means when the caller is not root.
    #[arg(long, value_enum, default_value = "auto", num_args = 0..=1,
          default_missing_value = "true", require_equals = true)]
    pub(crate) rootless: Rootless,
    /// Prints what it was built from, as JSON.
    #[arg(long, action = ArgAction::SetTrue)]
    pub(crate) build_info: bool,
    /// Prints its version and those of its parts.
    #[arg(long, short = 'v', action = ArgAction::SetTrue)]
    pub(crate) version: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a container whose program waits for `start`.
    Create(Creation),
    /// Lets the program of a created container run.
    Start {
        /// The container.
        id: String,
    },
    /// Creates, starts, waits and deletes; the exit code is the program's.
    Run(Creation),
    /// Prints the state of a container as JSON.
    State {
        /// The container.
        id: String,
    },
    /// Sends a signal to the container's first program.
    Kill {
        /// Sends it to all of its programs.
        #[arg(long, short)]
        all: bool,
        /// The container.
        id: String,
        /// A name or number.
        #[arg(default_value = "SIGTERM")]
        signal: String,
    },
    /// Removes a container and all that belongs to it.
    Delete {
        /// Kills it first, and takes what is half made or gone as well.
        #[arg(long, short)]
        force: bool,
        /// The container.
        id: String,
    },
    /// Becomes another runtime, which then sees control groups of version 1 alone.
    OnV1 {
        /// The runtime and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Prints what works on this host in this mode, as JSON; tries it.
    Features,
    /// Compiles a seccomp profile and prints what became of it, as JSON.
    Seccomp {
        /// A file with the `linux.seccomp` section of a spec.
        profile: PathBuf,
    },
}

/// What `create` and `run` take.
#[derive(Debug, Args)]
pub(crate) struct Creation {
    /// Folder with `config.json`.
    #[arg(long, short, default_value = ".", value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// Where to write the process id of the container's first program.
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,
    /// Where to write the system call filter as the kernel gets it: 8 bytes an instruction, nothing
    /// without a profile. The kernel itself shows a program's filter to root only.
    #[arg(long, value_name = "FILE")]
    pub(crate) seccomp_program: Option<PathBuf>,
    /// Moves the root mount instead of pivoting; for a root that lies on the initial ramdisk.
    #[arg(long)]
    pub(crate) no_pivot: bool,
    /// The container's name: letters, digits and `_+-.`, not starting with a dot.
    pub(crate) id: String,
}

/// How errors are written to the log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per line: `{"level":"error","msg":"..."}`.
    Json,
    /// `level=error msg="..."`.
    Text,
}

/// The value of `--rootless`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rootless {
    /// When the caller is not root.
    Auto,
    /// Yes.
    True,
    /// No.
    False,
}

/// With whose rights a container is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Root's: cgroups, any user id.
    Root,
    /// A normal user's: one user id, no cgroup.
    Rootless,
}

impl Arguments {
    /// The mode that the flag and the caller's user id give.
    pub(crate) fn mode(&self) -> Mode {
        match self.rootless {
            Rootless::True => Mode::Rootless,
            Rootless::False => Mode::Root,
            Rootless::Auto if nix::unistd::geteuid().is_root() => Mode::Root,
            Rootless::Auto => Mode::Rootless,
        }
    }
}
