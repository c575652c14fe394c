//! Every path of a container's root mount: `probe hash`, for the drift check.

use serde::{Deserialize, Serialize};

/// The document of `probe hash`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Entries in byte order of their paths; the root itself is `/`.
    pub entries: Vec<TreeEntry>,
    /// Mount points below the root, which were not entered and are not among the entries.
    pub mounts_not_entered: Vec<String>,
    /// Regular files hashed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Absolute path inside the container, with replacement characters where not UTF-8.
    pub path: String,
    /// The path's bytes in hexadecimal, only where `path` is not exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_hex: Option<String>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner as the target's user namespace sees it.
    pub uid: u32,
    /// Group as the target's user namespace sees it.
    pub gid: u32,
    /// Bytes of a regular file, else 0.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of a regular file that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Target of a symbolic link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `major:minor` of a device node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The error number when content, link or directory could not be read: then nothing can be
    /// said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<i32>,
}

/// Kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}
