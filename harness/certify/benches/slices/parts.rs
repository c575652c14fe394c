//! What a cut is made of: decoding, hashing and writing, each by itself in this process.

use anyhow::Result;
use bytes::Bytes;
use camino::Utf8Path;
use deb::{DebReader, EntryKind, Limits};
use model::Digest;
use rayon::prelude::*;
use rootfs::{Blob, Entry, Kind, Origin, Tree, TreePath};
use serde_json::{Value, json};

use crate::calls::own;
use crate::world::scratch;

/// CPU seconds of each part for all files of `packages`.
pub(crate) fn measure(packages: &[(String, Bytes)]) -> Result<Value> {
    let read = || {
        packages
            .par_iter()
            .map(|(name, bytes)| Ok(DebReader::read(name, bytes, &Limits::PACKAGE)?))
            .collect::<Result<Vec<DebReader>>>()
    };
    let (readers, decode_s) = own(read)?;
    let contents: Vec<Bytes> = readers
        .iter()
        .flat_map(DebReader::entries)
        .filter_map(|entry| match &entry.kind {
            EntryKind::File(bytes) => Some(bytes.clone()),
            _ => None,
        })
        .collect();
    let hash = || {
        Ok(contents
            .par_iter()
            .map(|bytes| Digest::of(bytes))
            .collect::<Vec<_>>())
    };
    let (_, hash_s) = own(hash)?;
    let tree = tree(&readers)?;
    let folder = scratch()?;
    let to = Utf8Path::from_path(folder.path())
        .map(|path| path.join("root"))
        .unwrap_or_default();
    let write = || {
        Ok(image::unpack(
            &tree,
            to.as_std_path(),
            image::Owners::Own,
            0,
        )?)
    };
    let (written, write_s) = own(write)?;
    Ok(json!({
        "decode_cpu_s": decode_s,
        "hash_cpu_s": hash_s,
        "write_cpu_s": write_s,
        "files": written.files,
        "mb": written.bytes as f64 / 1e6,
    }))
}

/// All files of all packages; of several with one name the first.
fn tree(readers: &[DebReader]) -> Result<Tree> {
    let mut tree = Tree::new();
    for entry in readers.iter().flat_map(DebReader::entries) {
        let Ok(path) = TreePath::new(&entry.path) else {
            continue;
        };
        if path.is_root() || tree.contains(path.as_str()) {
            continue;
        }
        let kind = match &entry.kind {
            EntryKind::Dir => Kind::Directory,
            EntryKind::File(bytes) => Kind::File(Blob::new(bytes.clone())),
            EntryKind::Symlink(target) => Kind::Symlink {
                target: target.clone(),
            },
            _ => continue,
        };
        // Trees of several packages may clash: that is not what is measured here.
        let _ = tree.insert(path, Entry::new(kind, entry.mode, Origin::User));
    }
    Ok(tree)
}
