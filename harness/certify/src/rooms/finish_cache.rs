//! What finish steps made, kept by the digest of their input.
//!
//! A file is a sealed tar of the made paths. A damaged file reads as absent.

use std::io::Read;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use model::Digest;
use rootfs::{Blob, Entry, Kind, Origin, Tree, TreePath};

use super::sealed;

/// The made tree for this input, if it is known.
pub fn load(cache: &Utf8Path, key: &Digest) -> Option<Tree> {
    let bytes = fs_err::read(file(cache, key)).ok()?;
    let body = sealed::open(&bytes)?;
    let mut tree = Tree::new();
    for member in tar::Archive::new(body).entries().ok()? {
        let mut member = member.ok()?;
        let path = member
            .path()
            .ok()?
            .to_str()?
            .trim_end_matches('/')
            .to_owned();
        let mode = member.header().mode().ok()?;
        let step = member.header().username().ok()??.to_owned();
        let origin = Origin::Generated(step.as_str().into());
        let entry = if member.header().entry_type().is_dir() {
            Entry::directory(mode, origin)
        } else {
            let mut content = Vec::new();
            member.read_to_end(&mut content).ok()?;
            Entry::file(Blob::new(Bytes::from(content)), mode, origin)
        };
        let path = TreePath::new(format!("/{path}")).ok()?;
        tree.insert(path, entry.with_owner("generated")).ok()?;
    }
    Some(tree)
}

/// Keeps a made tree. Failing to keep it costs time, nothing else.
pub fn save(cache: &Utf8Path, key: &Digest, made: &Tree) {
    if let Err(error) = try_save(cache, key, made) {
        tracing::warn!("finish layer {key} is not kept: {error}");
    }
}

fn try_save(cache: &Utf8Path, key: &Digest, made: &Tree) -> std::io::Result<()> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, entry) in made.iter() {
        let Origin::Generated(step) = &entry.origin else {
            continue;
        };
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_username(step)?;
        match &entry.kind {
            Kind::File(blob) => {
                let content = blob.bytes().cloned().unwrap_or_default();
                header.set_size(content.len() as u64);
                header.set_entry_type(tar::EntryType::Regular);
                builder.append_data(&mut header, path.relative(), &content[..])?;
            }
            _ => {
                header.set_size(0);
                header.set_entry_type(tar::EntryType::Directory);
                builder.append_data(&mut header, path.relative(), std::io::empty())?;
            }
        }
    }
    let body = builder.into_inner()?;
    let path = file(cache, key);
    let part = path.with_extension(format!("part-{}", std::process::id()));
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let bytes = sealed::seal(&body);
    // Two programs may make the same layer: each writes a file of its own, and either name will do.
    let kept = write_synced(&part, &bytes).and_then(|()| fs_err::rename(&part, &path));
    if kept.is_err() {
        // A full disk must not be kept full by what could not be written.
        let _ = fs_err::remove_file(&part);
    }
    kept
}

fn write_synced(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = fs_err::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn file(cache: &Utf8Path, key: &Digest) -> Utf8PathBuf {
    cache.join("finish").join(key.hex())
}
