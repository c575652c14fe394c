//! A tree as text: one JSON object per path, sorted; without contents.

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use model::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::{Blob, Entry, Kind, Origin, Tree, TreeError, TreePath};

/// Longest line that is read, in bytes; a path and a link target take at most 8 KiB together, and
/// extended attributes are limited by Linux to 64 KiB each.
const LONGEST_LINE: u64 = 4 << 20;

/// A listing that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ListingError {
    #[error("line {line} of the listing: {why}")]
    Line { line: usize, why: String },
    #[error("line {line} of the listing: {source}")]
    Tree { line: usize, source: TreeError },
    #[error("the listing cannot be read or written")]
    Io(#[from] std::io::Error),
}

/// One path. The order of the fields is the order a person reads them in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    r#type: String,
    mode: String,
    ids: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mtime: Option<i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    xattrs: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owners: Vec<Arc<str>>,
    path: TreePath,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl Tree {
    /// Writes one line per path, the root first.
    pub fn write_listing(&self, out: &mut dyn Write) -> std::io::Result<()> {
        self.write_lines(out, |line, entry| {
            line.origin = Some(entry.origin.clone());
            line.owners.clone_from(&entry.owners);
            line.original = entry.original;
            line.mtime = entry.mtime;
        })
    }

    /// Reads what [`Tree::write_listing`] wrote: all but the contents.
    pub fn read_listing(input: &mut dyn BufRead) -> Result<Self, ListingError> {
        Self::read_lines(input, 0)
    }

    /// The digest of what a container would see of this tree: of the listing without owners and
    /// origins. Equal trees have equal digests whatever made them.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        // A hasher takes everything.
        let _ = self.write_lines(&mut hasher, |_, _| {});
        hasher.finish()
    }

    fn write_lines(
        &self,
        out: &mut dyn Write,
        finish: impl Fn(&mut Line, &Entry),
    ) -> std::io::Result<()> {
        let root = TreePath::root();
        for (path, entry) in std::iter::once((&root, &self.root)).chain(self.iter()) {
            let mut line = Line::of(path, entry);
            finish(&mut line, entry);
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads lines to the end; `before` lines came before, for messages.
    pub(crate) fn read_lines(input: &mut dyn BufRead, before: usize) -> Result<Self, ListingError> {
        let mut tree = Self::new();
        let mut number = before;
        let mut last = None;
        while let Some(text) = next_line(input, number + 1)? {
            number += 1;
            let fail = |why: String| ListingError::Line { line: number, why };
            let line: Line = serde_json::from_str(&text).map_err(|e| fail(e.to_string()))?;
            let path = line.path.clone();
            if last.as_ref().is_some_and(|last| *last >= path) {
                return Err(fail(format!("`{path}` is out of order")));
            }
            let entry = line.entry().map_err(fail)?;
            tree.insert(path.clone(), entry)
                .map_err(|source| ListingError::Tree {
                    line: number,
                    source,
                })?;
            last = Some(path);
        }
        Ok(tree)
    }
}

/// The next line without its end; none at the end of the input. A last line without an end was cut
/// off and is refused.
pub(crate) fn next_line(
    input: &mut dyn BufRead,
    number: usize,
) -> Result<Option<String>, ListingError> {
    let mut text = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut text)?;
    let fail = |why: &str| ListingError::Line {
        line: number,
        why: why.to_owned(),
    };
    match text.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(text)
            .map(Some)
            .map_err(|_| fail("is not UTF-8")),
        Some(_) if text.len() as u64 + 1 >= LONGEST_LINE => Err(fail("is longer than 4 MiB")),
        Some(_) => Err(fail("is cut off")),
    }
}

impl Line {
    fn of(path: &TreePath, entry: &Entry) -> Self {
        let hexed = |(name, value): (&String, &Vec<u8>)| (name.clone(), hex::encode(value));
        let mut line = Self {
            r#type: entry.kind.word().to_owned(),
            mode: format!("{:04o}", entry.mode),
            ids: format!("{}:{}", entry.uid, entry.gid),
            size: None,
            digest: None,
            device: None,
            mtime: None,
            xattrs: entry.xattrs.iter().map(hexed).collect(),
            original: None,
            origin: None,
            owners: Vec::new(),
            path: path.clone(),
            link: None,
        };
        match &entry.kind {
            Kind::File(blob) => {
                line.size = Some(blob.size());
                line.digest = Some(blob.digest());
            }
            Kind::Symlink { target } => line.link = Some(target.clone()),
            Kind::Hardlink { to } => line.link = Some(to.to_string()),
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                line.device = Some((*major, *minor));
            }
            Kind::Directory | Kind::Fifo => {}
        }
        line
    }

    fn entry(self) -> Result<Entry, String> {
        let device = || self.device.ok_or("a device without numbers");
        let link = || self.link.clone().ok_or("a link without target");
        let kind = match &*self.r#type {
            "directory" => Kind::Directory,
            "file" => match (self.size, self.digest) {
                (Some(size), Some(digest)) => Kind::File(Blob::recorded(size, digest)),
                _ => return Err("a file without size or digest".to_owned()),
            },
            "symlink" => Kind::Symlink { target: link()? },
            "hardlink" => Kind::Hardlink {
                to: TreePath::new(link()?).map_err(|e| e.to_string())?,
            },
            "char-device" => {
                let (major, minor) = device()?;
                Kind::CharDevice { major, minor }
            }
            "block-device" => {
                let (major, minor) = device()?;
                Kind::BlockDevice { major, minor }
            }
            "fifo" => Kind::Fifo,
            other => return Err(format!("unknown type `{other}`")),
        };
        let mode = u32::from_str_radix(&self.mode, 8);
        let mode = mode.map_err(|_| format!("mode `{}` is not octal", self.mode))?;
        let origin = self.origin.unwrap_or(Origin::Disk);
        let mut entry = Entry::new(kind, mode, origin);
        let ids = self.ids.split_once(':');
        let ids = ids.and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
        (entry.uid, entry.gid) = ids.ok_or_else(|| format!("`{}` is no UID:GID", self.ids))?;
        for (name, value) in self.xattrs {
            let value = hex::decode(value);
            let value = value.map_err(|_| format!("attribute `{name}` is not hexadecimal"))?;
            entry.xattrs.insert(name, value);
        }
        entry.owners = self.owners;
        entry.owners.sort();
        entry.owners.dedup();
        entry.original = self.original;
        entry.mtime = self.mtime;
        Ok(entry)
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
