//! Kernel truth about a container, read from /proc: `probe facts`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The document of `probe facts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The target as the probe's pid namespace numbers it.
    pub pid: u32,
    /// Which tasks were looked at.
    pub scope: Scope,
    /// The target's namespaces.
    pub namespaces: Namespaces,
    /// The target's status. That of every other task stands in `tasks`.
    pub status: Status,
    /// Its security label (`attr/current`); nothing when no module keeps one.
    pub lsm_label: Option<String>,
    /// Its mounts in the order of the kernel: a later one hides an earlier one on the same point.
    pub mounts: Vec<Mount>,
    /// Every task (thread group) in scope, the target included, by pid. The probe is left out.
    pub tasks: Vec<Task>,
    /// Sockets of its network namespace that wait for peers.
    pub sockets: Vec<Socket>,
    /// Its resource limits.
    pub limits: Vec<Limit>,
    /// Its badness for the out-of-memory killer.
    pub oom_score_adj: Option<i32>,
    /// Names of its environment variables; values are not read out.
    pub env_names: Vec<String>,
    /// What could not be read. Where something stands here, its absence above proves nothing.
    pub unreadable: Vec<Unreadable>,
}

/// Which tasks were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All of the target's pid namespace and of those below it.
    Namespace,
    /// The target and its descendants, since it shares the probe's pid namespace.
    Descendants,
}

/// Inodes of namespaces; nothing where unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespaces {
    /// Cgroup.
    pub cgroup: Option<u64>,
    /// IPC.
    pub ipc: Option<u64>,
    /// Mount.
    pub mnt: Option<u64>,
    /// Network.
    pub net: Option<u64>,
    /// Pid.
    pub pid: Option<u64>,
    /// User.
    pub user: Option<u64>,
    /// UTS.
    pub uts: Option<u64>,
}

/// `/proc/PID/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the program, at most 15 bytes.
    pub comm: String,
    /// One letter: R, S, D, T, t, Z, X, I.
    pub state: char,
    /// Its pid here and in each namespace further in; the last is what it sees itself.
    pub ns_pids: Vec<u32>,
    /// Pid of its parent; 0 if it has none here.
    pub ppid: u32,
    /// User ids.
    pub uids: Ids,
    /// Group ids.
    pub gids: Ids,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Threads.
    pub threads: u32,
    /// Capability sets.
    pub capabilities: Capabilities,
    /// Whether `no_new_privs` is set; nothing on kernels that do not say.
    pub no_new_privs: Option<bool>,
    /// 0 none, 1 strict, 2 filter; nothing on kernels without seccomp.
    pub seccomp: Option<u32>,
    /// Number of seccomp filters; nothing on kernels that do not say.
    pub seccomp_filters: Option<u32>,
    /// Signals it catches, as a bit mask (bit 0 is signal 1).
    pub signals_caught: u64,
    /// Signals it ignores.
    pub signals_ignored: u64,
    /// Signals it blocks.
    pub signals_blocked: u64,
}

/// The four ids of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// Real.
    pub real: u32,
    /// Effective.
    pub effective: u32,
    /// Saved.
    pub saved: u32,
    /// For file systems.
    pub file_system: u32,
}

/// Capability sets as bit masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Inheritable.
    pub inheritable: u64,
    /// Permitted.
    pub permitted: u64,
    /// Effective.
    pub effective: u64,
    /// Bounding.
    pub bounding: u64,
    /// Ambient.
    pub ambient: u64,
}

/// One line of mountinfo, octal escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its id.
    pub id: u32,
    /// Id of the mount it stands on.
    pub parent: u32,
    /// `major:minor` of its device.
    pub device: String,
    /// The part of the file system that is mounted.
    pub root: String,
    /// Where, as the target sees it.
    pub point: String,
    /// Options of this mount: `ro`, `nosuid`, `noexec`, ...
    pub options: Vec<String>,
    /// Propagation and other optional fields: `shared:1`.
    pub propagation: Vec<String>,
    /// Type of the file system.
    pub fs_type: String,
    /// What is mounted.
    pub source: String,
    /// Options of the file system itself.
    pub super_options: Vec<String>,
}

/// One task of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Pid as the probe sees it.
    pub pid: u32,
    /// Its status.
    pub status: Status,
    /// Its executable; nothing for kernel threads, zombies and where unreadable.
    pub exe: Option<String>,
    /// Whether that file no longer has a name.
    pub exe_deleted: bool,
    /// Whether it runs from memory (`memfd`).
    pub exe_memfd: bool,
    /// What is mapped; nothing where unreadable.
    pub maps: Option<MapFindings>,
}

/// What the address space of a task shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapFindings {
    /// Mappings looked at.
    pub mappings: u64,
    /// Executable mappings of files that no longer have a name.
    pub deleted_executable: Vec<Mapping>,
    /// Mappings of `memfd` files.
    pub memfd: Vec<Mapping>,
    /// Mappings without a file that are writable and executable at once.
    pub anonymous_rwx: Vec<Mapping>,
    /// Mappings of files that are writable and executable at once.
    pub file_rwx: Vec<Mapping>,
    /// Executable mappings without a file that are not writable (now): made code.
    pub anonymous_executable: Vec<Mapping>,
    /// Every file mapped, by path, once.
    pub files: Vec<MappedFile>,
}

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Address after the last.
    pub end: u64,
    /// `rwxp` or `rwxs` with dashes.
    pub permissions: String,
    /// File, pseudo name such as `[heap]`, or empty.
    pub path: String,
}

/// A file that is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedFile {
    /// Its path as the target sees it.
    pub path: String,
    /// Whether any mapping of it is executable.
    pub executable: bool,
    /// Whether it no longer has a name.
    pub deleted: bool,
}

/// A socket that waits for peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// Its kind.
    pub kind: SocketKind,
    /// Address it is bound to.
    pub address: IpAddr,
    /// Port it is bound to.
    pub port: u16,
    /// Owner, as the probe's user namespace sees it.
    pub uid: u32,
    /// Its inode.
    pub inode: u64,
}

/// Kinds of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SocketKind {
    /// TCP over IPv4, listening.
    Tcp,
    /// TCP over IPv6, listening.
    Tcp6,
    /// UDP over IPv4, not connected.
    Udp,
    /// UDP over IPv6, not connected.
    Udp6,
}

/// One resource limit; nothing is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Its name: `Max open files`.
    pub name: String,
    /// Soft limit.
    pub soft: Option<u64>,
    /// Hard limit.
    pub hard: Option<u64>,
    /// Unit, empty for numbers without one.
    pub unit: String,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// What: `status`, `17/exe`, `net/udp6`.
    pub what: String,
    /// Why.
    pub why: String,
    /// The system's error number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
}
