//! A tree onto a folder that holds something already: only what differs is touched.

use std::path::Path;

use rootfs::{Entry, Kind, Origin, Tree, TreePath, unescape};
use rustix::fs::{AtFlags, unlinkat};

use crate::ImageError;
use crate::beneath::{os, told};
use crate::unpack::{Owners, Unpacked, Writer};

/// Makes the folder `dir`, whose content was `before` (as [`crate::rehash`] reads it), into
/// `after`. Entries of `after` with [`Origin::Disk`] stay as they are, and so does the folder
/// itself; what others stand in the place of is removed first, and a file is never written
/// through a link or into another name of itself.
pub fn lay_over(
    (before, after): (&Tree, &Tree),
    dir: &Path,
    owners: Owners,
    mtime_s: u64,
) -> Result<Unpacked, ImageError> {
    let writer = Writer::over(dir, owners, mtime_s)?;
    // Deepest first, so that a folder is empty when it goes.
    for (path, old) in before.iter().rev().filter(|(path, _)| !path.is_root()) {
        if !stays(old, after.get(path)) {
            remove(&writer, path, old)?;
        }
    }
    writer.write(after)
}

/// Whether what stands at a path need not be removed for what comes there.
fn stays(old: &Entry, new: Option<&Entry>) -> bool {
    new.is_some_and(|new| new.origin == Origin::Disk || (old.is_directory() && new.is_directory()))
}

fn remove(writer: &Writer, path: &TreePath, old: &Entry) -> Result<(), ImageError> {
    let flags = match old.kind {
        Kind::Directory => AtFlags::REMOVEDIR,
        _ => AtFlags::empty(),
    };
    let name = unescape(path.name());
    let parent = writer.below.parent(path)?;
    unlinkat(&parent, os(&name), flags).map_err(told(path.as_str()))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files by itself"
)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use rootfs::Blob;

    use super::*;
    use crate::rehash;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn file(text: &str, mode: u32) -> Entry {
        let blob = Blob::new(text.as_bytes().to_vec());
        Entry::file(blob, mode, Origin::User)
    }

    /// Owners of the caller and times of no importance.
    fn shape(tree: &Tree) -> Vec<(String, Kind, u32)> {
        let line =
            |(path, entry): (&TreePath, &Entry)| (path.to_string(), entry.kind.clone(), entry.mode);
        tree.iter().map(line).collect()
    }

    #[test]
    fn only_what_differs_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("usr/bin")).unwrap();
        std::fs::create_dir_all(root.join("empty")).unwrap();
        for (name, text) in [
            ("usr/bin/old", "old"),
            ("keep", "me"),
            ("usr/bin/file", "long old"),
        ] {
            std::fs::write(root.join(name), text).unwrap();
        }
        std::fs::hard_link(root.join("usr/bin/file"), root.join("other-name")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("link")).unwrap();
        let kept = std::fs::metadata(root.join("keep")).unwrap();
        let before = rehash(root).unwrap();
        let mut after = before.clone();
        after
            .insert(path("/usr/bin/file"), file("new", 0o4755))
            .unwrap();
        after
            .insert(path("/empty"), Entry::symlink("keep", Origin::User))
            .unwrap();
        after
            .insert(path("/link"), file("no link any more", 0o600))
            .unwrap();
        after
            .insert(path("/usr"), Entry::directory(0o711, Origin::User))
            .unwrap();
        after.insert(path("/deep/er"), file("x", 0o644)).unwrap();
        let to = path("/usr/bin/file");
        let second = Entry::new(Kind::Hardlink { to }, 0, Origin::User);
        after.insert(path("/usr/bin/second"), second).unwrap();
        let done = lay_over((&before, &after), root, Owners::Own, 0).unwrap();
        assert_eq!(done.files, 3);
        let found = rehash(root).unwrap();
        let again = shape(&found);
        assert_eq!(again, shape(&after));
        // The other name of the replaced file still has the old content.
        let other = std::fs::read_to_string(root.join("other-name")).unwrap();
        assert_eq!(other, "long old");
        assert!(!root.join("nowhere").exists());
        let still = std::fs::metadata(root.join("keep")).unwrap();
        assert_eq!((kept.ino(), kept.mtime()), (still.ino(), still.mtime()));
    }
}
