//! How much a tree holds.

use serde::{Deserialize, Serialize};

use crate::{Kind, Tree};

/// Counts and bytes of a tree; the root itself is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Regular files; further names of a file are not counted again.
    pub files: u64,
    /// Sum of the sizes of those files.
    pub bytes: u64,
    /// Folders.
    pub directories: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Further names of files.
    pub hardlinks: u64,
    /// Device nodes and pipes.
    pub specials: u64,
}

impl Totals {
    /// Everything counted.
    pub fn entries(&self) -> u64 {
        self.files + self.directories + self.symlinks + self.hardlinks + self.specials
    }
}

impl Tree {
    /// Counts and bytes of the whole tree.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            files: 0,
            bytes: 0,
            directories: 0,
            symlinks: 0,
            hardlinks: 0,
            specials: 0,
        };
        for (_, entry) in self.iter() {
            match &entry.kind {
                Kind::File(blob) => {
                    totals.files += 1;
                    totals.bytes += blob.size();
                }
                Kind::Directory => totals.directories += 1,
                Kind::Symlink { .. } => totals.symlinks += 1,
                Kind::Hardlink { .. } => totals.hardlinks += 1,
                Kind::CharDevice { .. } | Kind::BlockDevice { .. } | Kind::Fifo => {
                    totals.specials += 1;
                }
            }
        }
        totals
    }
}
