//! A layer's bytes as a [`rootfs::Layer`]: decompressed, within limits, nothing followed.

use std::io::Read;

use bytes::Bytes;
use rootfs::{Blob, Entry, Kind, Layer, Origin, TreePath, escape};

use crate::tar::{Member, Members};
use crate::{ImageError, Limits};

/// How a layer is compressed, told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
}

impl Compression {
    /// The compression of a stored layer.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A zstd file may start with a skippable frame.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// What is left of an image's limits while its layers are read.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    limits: &'a Limits,
    entries: u64,
    bytes: u64,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            entries: 0,
            bytes: 0,
        }
    }

    /// Entries read so far.
    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    /// Counts a decompressed layer.
    pub(crate) fn take_bytes(&mut self, bytes: u64) -> Result<(), ImageError> {
        self.bytes += bytes;
        let limit = self.limits.image_bytes;
        exceeds("the image, decompressed,", self.bytes, limit, "bytes")
    }

    fn take_entry(&mut self) -> Result<(), ImageError> {
        self.entries += 1;
        exceeds("the image", self.entries, self.limits.entries, "entries")
    }
}

pub(crate) fn exceeds(
    what: impl Into<String>,
    value: u64,
    limit: u64,
    unit: &'static str,
) -> Result<(), ImageError> {
    if value <= limit {
        return Ok(());
    }
    Err(ImageError::Limit {
        what: what.into(),
        limit,
        unit,
    })
}

/// The tar bytes of the stored layer number `layer`.
pub(crate) fn decompress(
    stored: &Bytes,
    layer: usize,
    limits: &Limits,
) -> Result<Bytes, ImageError> {
    let told = |source| ImageError::Decompress { layer, source };
    let what = || format!("layer {layer}, decompressed,");
    let mut reader: Box<dyn Read + '_> = match Compression::of(stored) {
        Compression::None => {
            exceeds(what(), stored.len() as u64, limits.layer_bytes, "bytes")?;
            return Ok(stored.clone());
        }
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(&stored[..])),
        Compression::Zstd => {
            Box::new(zstd::stream::read::Decoder::with_buffer(&stored[..]).map_err(told)?)
        }
    };
    let mut out = Vec::new();
    loop {
        let before = out.len();
        reader
            .by_ref()
            .take(1 << 20)
            .read_to_end(&mut out)
            .map_err(told)?;
        let size = out.len() as u64;
        exceeds(what(), size, limits.layer_bytes, "bytes")?;
        if size > limits.ratio_from_bytes {
            let ratio = size / (stored.len() as u64).max(1);
            exceeds(what(), ratio, limits.ratio, "times its stored size")?;
        }
        if out.len() == before {
            return Ok(out.into());
        }
    }
}

/// Reads the tar bytes of layer number `layer`.
pub(crate) fn read_layer(
    archive: &Bytes,
    layer: usize,
    budget: &mut Budget<'_>,
) -> Result<Layer, ImageError> {
    let mut found = Layer::new();
    let origin = Origin::Layer(u32::try_from(layer).unwrap_or(u32::MAX));
    for member in Members::new(archive.clone()) {
        let member = member?;
        budget.take_entry()?;
        add(&mut found, member, &origin, budget.limits)?;
    }
    Ok(found)
}

fn add(
    layer: &mut Layer,
    member: Member,
    origin: &Origin,
    limits: &Limits,
) -> Result<(), ImageError> {
    let at = member.at;
    let fail = |why: String| ImageError::Member { at, why };
    let name = escape(&member.name);
    if let Ok((path, _)) = TreePath::cleaned(&name) {
        let shown: String = name.chars().take(200).collect();
        let what = format!("the depth of `{shown}`");
        exceeds(what, path.depth() as u64, limits.depth as u64, "parts")?;
    }
    let xattr_bytes: usize = member.xattrs.iter().map(|(k, v)| k.len() + v.len()).sum();
    let what = || format!("the extended attributes of `{name}`");
    exceeds(what(), xattr_bytes as u64, limits.xattr_bytes, "bytes")?;
    let id = |id: u64| u32::try_from(id).map_err(|_| fail(format!("owner {id} is out of range")));
    let (major, minor) = member.device;
    let link = escape(&member.link);
    let kind = match member.kind {
        // A hard link's kind is set once its target is placed.
        b'0' | b'1' => Kind::File(Blob::new(member.data)),
        b'2' => Kind::Symlink {
            target: link.clone(),
        },
        b'3' => Kind::CharDevice { major, minor },
        b'4' => Kind::BlockDevice { major, minor },
        b'5' => Kind::Directory,
        b'6' => Kind::Fifo,
        b'g' => {
            layer.note(&name, "a global PAX header");
            return Ok(());
        }
        other => {
            layer.note(&name, format!("unknown member type {other:#04x}"));
            return Ok(());
        }
    };
    let mut entry = Entry::new(kind, member.mode, origin.clone());
    if member.kind == b'2' {
        entry.mode = 0o777;
    }
    (entry.uid, entry.gid) = (id(member.uid)?, id(member.gid)?);
    entry.mtime = Some(member.mtime);
    for (name, value) in member.xattrs {
        entry.xattrs.insert(escape(&name), value);
    }
    layer.add(&name, entry, (member.kind == b'1').then_some(&*link));
    Ok(())
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
