//! A finished cut as one file, so that the same cut is not made twice.
//!
//! File: a line with the schema, the length and the SHA-256 of the part that follows; that part is
//! a line of JSON (lengths, packages and what each says of itself), the manifest and the listing of the tree; behind it stand
//! the contents of the files, each once, in the order of the listing. Every byte is covered by a
//! digest, and all are checked when the file is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use bytes::Bytes;
use model::Digest;
use rayon::prelude::*;
use rootfs::{Blob, CutRootfs};
use serde::{Deserialize, Serialize};

use crate::cut::{Cut, Manifest};
use crate::metadata::PackageContents;
use crate::source::PackageRecord;

const SCHEMA: &str = "kept-cut/2";

/// Why a file is no kept cut: it is damaged, cut off or of another time.
#[derive(Debug, thiserror::Error)]
#[error("kept cut: {0}")]
pub struct BadKept(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    manifest_bytes: usize,
    records: Vec<PackageRecord>,
    contents: Vec<PackageContents>,
}

impl Cut {
    /// Writes it down.
    pub fn keep(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let head = Head {
            manifest_bytes: self.manifest.text.len(),
            records: self.records.clone(),
            contents: self.contents.clone(),
        };
        let mut about = serde_json::to_vec(&head)?;
        about.push(b'\n');
        about.extend_from_slice(self.manifest.text.as_bytes());
        self.rootfs.write(&mut about)?;
        let digest = Digest::of(&about).hex();
        writeln!(out, "{SCHEMA} {} {digest}", about.len())?;
        out.write_all(&about)?;
        let mut written = BTreeSet::new();
        for (_, _, blob) in self.rootfs.tree.files() {
            if written.insert(blob.digest()) {
                blob.copy_to(out)?;
            }
        }
        Ok(())
    }

    /// Reads what [`Cut::keep`] wrote; every digest is checked.
    pub fn kept(file: &Bytes) -> Result<Self, BadKept> {
        let bad = |why: &str| BadKept(why.to_owned());
        let (line, start) = line(file).ok_or_else(|| bad("no first line"))?;
        let mut words = line.split(' ');
        let [schema, length, digest] = [words.next(), words.next(), words.next()];
        if schema != Some(SCHEMA) {
            return Err(bad("another schema"));
        }
        let length: usize = length
            .and_then(|text| text.parse().ok())
            .unwrap_or(usize::MAX);
        let end = start.saturating_add(length);
        let about = file.get(start..end).ok_or_else(|| bad("cut off"))?;
        if digest != Some(Digest::of(about).hex().as_str()) {
            return Err(bad("damaged"));
        }
        let (head, after) = self::line(about).ok_or_else(|| bad("no head"))?;
        let head: Head = serde_json::from_str(head).map_err(|error| BadKept(error.to_string()))?;
        let split = after.saturating_add(head.manifest_bytes);
        let manifest = about.get(after..split).map(<[u8]>::to_vec);
        let manifest = manifest.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = manifest.ok_or_else(|| bad("no manifest"))?;
        let mut listing = about.get(split..).unwrap_or_default();
        let mut rootfs =
            CutRootfs::read(&mut listing).map_err(|error| BadKept(error.to_string()))?;
        let contents = contents(&rootfs, &file.slice(end..))?;
        rootfs
            .tree
            .fill(|blob| contents.get(&blob.digest()).cloned())
            .map_err(|path| BadKept(format!("no content for {path}")))?;
        Ok(Self {
            rootfs,
            manifest: Manifest { text },
            records: head.records,
            contents: head.contents,
        })
    }
}

/// The first line of `bytes` and where the next begins.
fn line(bytes: &[u8]) -> Option<(&str, usize)> {
    let end = memchr::memchr(b'\n', bytes)?;
    Some((std::str::from_utf8(bytes.get(..end)?).ok()?, end + 1))
}

/// The contents that lie in `bytes`, hashed again.
fn contents(rootfs: &CutRootfs, bytes: &Bytes) -> Result<BTreeMap<Digest, Blob>, BadKept> {
    let mut places = Vec::new();
    let (mut at, mut seen) = (0_usize, BTreeSet::new());
    for (_, _, blob) in rootfs.tree.files() {
        if seen.insert(blob.digest()) {
            let size = usize::try_from(blob.size()).unwrap_or(usize::MAX);
            let end = at.saturating_add(size);
            places.push((blob.digest(), at..end));
            at = end;
        }
    }
    if at != bytes.len() {
        return Err(BadKept(format!(
            "{} bytes of contents instead of {at}",
            bytes.len()
        )));
    }
    places
        .into_par_iter()
        .map(|(digest, place)| {
            let content = bytes.slice(place);
            if Digest::of(&content) != digest {
                return Err(BadKept(format!("content {digest} is damaged")));
            }
            Ok((digest, Blob::hashed(content, digest)))
        })
        .collect()
}
