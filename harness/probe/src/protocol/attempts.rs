//! What the image's user can really do in a running container: `probe attempts`.
//!
//! Every list comes with the number of things tried, so that "none found" is not "none tried".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is to be tried, read from standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptRequest {
    /// Absolute paths to execute: shells, interpreters, package tools. At most 4096.
    pub execute: Vec<String>,
    /// Absolute paths to load through each dynamic loader (`ld.so FILE`). At most 4096.
    #[serde(default)]
    pub through_loader: Vec<String>,
    /// Loaders; when empty, those found at the usual places.
    #[serde(default)]
    pub loaders: Vec<String>,
    /// Whether every directory and executable file is tried.
    pub walk: bool,
    /// Longest time for everything; default 30,000, at most 600,000.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u64,
    /// Most entries walked; default 300,000, at most 2,000,000.
    #[serde(default = "default_entries")]
    pub max_entries: u64,
}

/// The document of `probe attempts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Who tried, read back from the kernel after everything was dropped.
    pub identity: AttemptedAs,
    /// Executions of the request's paths.
    pub execute: Vec<ExecAttempt>,
    /// The same through dynamic loaders.
    pub through_loader: Vec<LoaderAttempt>,
    /// Loaders that exist in the container.
    pub loaders: Vec<String>,
    /// Directories; nothing when no walk was asked for.
    pub directories: Option<DirectoryAttempts>,
    /// Executable files; nothing when no walk was asked for.
    pub files: Option<FileAttempts>,
    /// Dangerous calls.
    pub calls: Calls,
    /// What was tried, in numbers.
    pub counts: Counts,
    /// Why not everything was tried; nothing when all was.
    pub stopped: Option<Stopped>,
    /// Files that could not be removed again.
    pub left_behind: Vec<String>,
    /// Time used.
    pub took_ms: u64,
}

/// Who tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptedAs {
    /// Real, effective and saved user id.
    pub uids: [u32; 3],
    /// Real, effective and saved group id.
    pub gids: [u32; 3],
    /// Supplementary groups: the target's. In a user namespace that denies `setgroups` they are
    /// what the caller had.
    pub groups: Vec<u32>,
    /// Effective, permitted, inheritable and bounding capabilities together: the target's.
    pub capabilities: u64,
    /// Always set, also where the target lacks it.
    pub no_new_privs: bool,
    /// The target's system call filter.
    pub seccomp: SeccompCarried,
    /// Namespaces entered, in order.
    pub entered: Vec<String>,
}

/// Whether the attempts ran under the target's own system call filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeccompCarried {
    /// The target has none.
    None,
    /// This many filters were copied from it.
    Copied(u32),
    /// The kernel shows filters to root only. These, as many as the target has, were given by the
    /// runtime that installed them.
    Given(u32),
    /// The probe was started inside the container and is under as many filters as the target.
    Inherited(u32),
    /// The probe was started inside the container and is under no such filter, so the calls, and
    /// only they, were tried by the first process of another container of the same image and rights,
    /// under this many.
    Apart(u32),
    /// It has one but it could not be had: `calls` may show more than the target could do.
    NotCopied(String),
}

/// Execution of one path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecAttempt {
    /// The path.
    pub path: String,
    /// What the kernel said.
    pub result: Executed,
}

/// What the kernel said to an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executed {
    /// There is no such path.
    NotFound,
    /// There is one, but it cannot be executed (`ENOENT` here: its interpreter is missing).
    Denied(Refusal),
    /// It ran, and was killed at once.
    Executed,
    /// It could not be tried.
    Untried(Refusal),
}

/// Loading of one path by a dynamic loader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoaderAttempt {
    /// The loader.
    pub loader: String,
    /// The file it was to load.
    pub path: String,
    /// `executed` when the loader accepted the file, `denied` (errno 0) when it refused.
    pub result: Executed,
}

/// An error number and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The number.
    pub errno: i32,
    /// What it means, for people.
    pub name: String,
}

/// Refusals counted by name: `{"EROFS": 512}`.
pub type Refusals = BTreeMap<String, u64>;

/// Creation of a file in every directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryAttempts {
    /// Directories tried.
    pub tried: u64,
    /// Where it worked.
    pub writable: Vec<WritableDirectory>,
    /// Why it did not work elsewhere.
    pub refused: Refusals,
    /// Pseudo file systems left out.
    pub skipped: Vec<SkippedMount>,
    /// Directories that could not be listed, so that what is below them was not tried.
    pub unlisted: Vec<String>,
    /// Those that the image's user may neither list nor go through, where the probe has no more
    /// rights than it: nothing below them is within its reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<String>,
}

/// A directory in which a file could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WritableDirectory {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Point of the mount it lies on.
    pub mount_point: String,
    /// Type of that file system.
    pub fs_type: String,
    /// Options of that mount.
    pub mount_options: Vec<String>,
    /// Whether a program written there can be executed: `executed`, `denied`, `untried`.
    pub dropped_program: Executed,
}

/// A mount that was not walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedMount {
    /// Its point.
    pub point: String,
    /// Its type.
    pub fs_type: String,
}

/// Opening for writing of every file that is code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAttempts {
    /// Regular files seen.
    pub seen: u64,
    /// Those with an execute bit, ELF, bytecode or script: all were tried.
    pub tried: u64,
    /// Where it worked; nothing was changed.
    pub writable: Vec<WritableFile>,
    /// Why it did not work elsewhere.
    pub refused: Refusals,
    /// Files whose content could not be looked at to tell whether they are code; tried as well.
    pub unread: u64,
    /// Files with a bit of 06000, on any mount; listed, not executed.
    #[serde(default)]
    pub set_ids: Vec<SetIdFile>,
}

/// A file that lends its owner's or its group's rights to whoever executes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetIdFile {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Options of the mount it lies on: with `nosuid` the bits mean nothing.
    pub mount_options: Vec<String>,
}

/// A code file that could be opened for writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WritableFile {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// What makes it code: `execute-bit`, `elf`, `library`, `bytecode`, `script`, `unread`.
    pub because: String,
}

/// Dangerous calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// `setresuid(0, 0, 0)`.
    pub become_root: Tried,
    /// Mounting a tmpfs.
    pub mount: Tried,
    /// `unshare(CLONE_NEWUSER)`.
    pub new_user_namespace: Tried,
    /// A program written to a `memfd` and executed.
    pub execute_memfd: Tried,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// What happened.
    pub result: Permitted,
    /// The refusal, when refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Whether a call worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permitted {
    /// It worked (and was undone).
    Allowed,
    /// The kernel refused.
    Refused,
    /// It could not be tried.
    Untried,
}

/// What was tried, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Entries of the file system seen by the walk.
    pub entries: u64,
    /// Executions tried.
    pub executions: u64,
    /// Loads tried through dynamic loaders.
    pub loads: u64,
    /// Directories in which a file was to be made.
    pub directories: u64,
    /// Files opened for writing.
    pub files: u64,
    /// Programs written and executed.
    pub dropped_programs: u64,
}

/// Why not everything was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The deadline passed.
    Deadline,
    /// More entries than allowed.
    Entries,
}

const fn default_deadline() -> u64 {
    30_000
}

const fn default_entries() -> u64 {
    300_000
}
