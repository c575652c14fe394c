//! One path of a tree: its kind, its attributes, who owns it and where it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Digest;
use serde::{Deserialize, Serialize};

use crate::{Blob, TreePath};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Directory,
    /// A regular file.
    File(Blob),
    /// A symbolic link; the target is data, as written, under [`crate::escape`].
    Symlink {
        /// Not empty, at most 4095 bytes, otherwise anything.
        target: String,
    },
    /// Another name of a regular file. In a tree the first path of a link group, by order, holds
    /// the file and all others name it.
    Hardlink {
        /// The path that holds the file.
        to: TreePath,
    },
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// Where an entry came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A parent folder that nothing declared: 0755, owner 0:0.
    Implicit,
    /// The archive of this package.
    Package(Arc<str>),
    /// The text, link or empty folder that this slice's definition spells out.
    Slice(Arc<str>),
    /// A file of the user's, from the image spec.
    User,
    /// Made at build by this step: a generated account file, the linker cache, a finish step.
    Generated(Arc<str>),
    /// A layer of an existing image, counted from 0.
    Layer(u32),
    /// A folder on disk.
    Disk,
}

/// What a tree holds at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: 0 to 0o7777. 0o777 for symlinks.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Modification time in seconds since 1970, if it was recorded: layers of existing images keep
    /// theirs, everything cut gets one time when it is packed. No part of digests and differences.
    pub mtime: Option<i64>,
    /// Extended attributes by full name (`security.capability`).
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// The slices or packages that own the path, sorted, without repetition.
    pub owners: Vec<Arc<str>>,
    /// Where it came from.
    pub origin: Origin,
    /// The digest its package carried, when a mutation has changed the content since.
    pub original: Option<Digest>,
}

impl Entry {
    /// An entry of any kind, owner 0:0, without attributes or owners.
    pub fn new(kind: Kind, mode: u32, origin: Origin) -> Self {
        Self {
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: None,
            xattrs: BTreeMap::new(),
            owners: Vec::new(),
            origin,
            original: None,
        }
    }

    /// A folder.
    pub fn directory(mode: u32, origin: Origin) -> Self {
        Self::new(Kind::Directory, mode, origin)
    }

    /// A regular file.
    pub fn file(blob: Blob, mode: u32, origin: Origin) -> Self {
        Self::new(Kind::File(blob), mode, origin)
    }

    /// A symbolic link.
    pub fn symlink(target: impl Into<String>, origin: Origin) -> Self {
        let target = target.into();
        Self::new(Kind::Symlink { target }, 0o777, origin)
    }

    /// The same entry, owned numerically by `uid:gid`.
    #[must_use]
    pub fn with_ids(mut self, uid: u32, gid: u32) -> Self {
        self.uid = uid;
        self.gid = gid;
        self
    }

    /// The same entry, owned by one more slice or package.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<Arc<str>>) -> Self {
        self.add_owner(owner.into());
        self
    }

    /// Adds a slice or package that owns the path.
    pub fn add_owner(&mut self, owner: Arc<str>) {
        if let Err(at) = self.owners.binary_search(&owner) {
            self.owners.insert(at, owner);
        }
    }

    /// Whether this is a folder.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// Whether anyone may execute it, going by its mode alone.
    pub fn is_executable(&self) -> bool {
        matches!(self.kind, Kind::File(_) | Kind::Hardlink { .. }) && self.mode & 0o111 != 0
    }
}

impl Kind {
    /// The kind in one word: `directory`, `file`, `symlink`, `hardlink`, `char-device`,
    /// `block-device`, `fifo`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::File(_) => "file",
            Self::Symlink { .. } => "symlink",
            Self::Hardlink { .. } => "hardlink",
            Self::CharDevice { .. } => "char-device",
            Self::BlockDevice { .. } => "block-device",
            Self::Fifo => "fifo",
        }
    }
}
