//! The user's own files, and the folders that writable paths are mounted on: equal in both arms.

use anyhow::{Context, Result};
use bytes::Bytes;
use model::{FileSource, ImageSpec};
use rootfs::{Blob, CutRootfs, Entry, Origin, Tree, TreePath};

use crate::shipped::Shelf;

/// The owner under which these paths stand in listings.
const OWNER: &str = "spec";

/// The files of a spec as a tree of their own.
pub fn tree(spec: &ImageSpec, shelf: &Shelf) -> Result<Tree> {
    let mut tree = Tree::new();
    for file in &spec.files {
        let mode = file.mode_bits().with_context(|| {
            format!("files: {}: `{}` is not an octal mode", file.path, file.mode)
        })?;
        let (uid, gid) = file
            .owner_ids()
            .with_context(|| format!("files: {}: `{}` is not UID:GID", file.path, file.owner))?;
        let entry = match &file.source {
            FileSource::Folder => Entry::directory(mode, Origin::User),
            FileSource::Text(text) => {
                Entry::file(Blob::new(Bytes::from(text.clone())), mode, Origin::User)
            }
            FileSource::File(name) => {
                let found = shelf.text(&format!("images/files/{name}"))?;
                Entry::file(Blob::new(Bytes::from(found.bytes)), mode, Origin::User)
            }
        };
        let entry = entry.with_ids(uid, gid).with_owner(OWNER);
        tree.insert(TreePath::new(&file.path)?, entry)?;
    }
    for writable in &spec.writable {
        let path = TreePath::new(&writable.path)?;
        if !tree.contains(path.as_str()) {
            tree.insert(
                path,
                Entry::directory(0o755, Origin::User).with_owner(OWNER),
            )?;
        }
    }
    Ok(tree)
}

/// The cut with the user's files laid over it; a file that replaces a package's is noted.
pub fn over(cut: &CutRootfs, own: &Tree) -> Result<CutRootfs> {
    let mut merged = cut.clone();
    for (path, entry) in image::stack(&cut.tree, own)?.iter() {
        let before = merged.tree.get(path.as_str());
        if entry.is_directory() && before.is_some_and(Entry::is_directory) {
            // Parents keep what the package says; a folder the spec names gets what it says.
            if own
                .get(path.as_str())
                .is_some_and(|named| named.origin == Origin::User)
            {
                merged.tree.insert(path.clone(), entry.clone())?;
            }
            continue;
        }
        if before.is_some() {
            merged
                .notes
                .push(format!("{path} of the spec replaces a package's file"));
        }
        merged.tree.insert(path.clone(), entry.clone())?;
    }
    Ok(merged)
}
