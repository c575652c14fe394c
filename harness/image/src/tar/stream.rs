//! A tree as the bytes of a tar archive, contents shared, not copied.

use bytes::{Bytes, BytesMut};
use model::{Digest, Hasher};
use rootfs::{Entry, Kind, Origin, Tree, TreePath, unescape};

use super::header::{Header, LONGEST_LINK, MOST_ID, MOST_SIZE, split};
use super::{BLOCK, pax};
use crate::ImageError;

/// A tar archive in memory: headers and padding of its own, contents shared with the tree. The same
/// tree and time give the same bytes: entries in order, one time for all, numeric owners without
/// names, PAX headers only where a value does not fit.
#[derive(Debug, Clone)]
pub struct TarStream {
    pieces: Vec<Bytes>,
    size: u64,
    entries: u64,
}

static ZEROS: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

impl TarStream {
    /// The archive of `tree`; every entry has the modification time `mtime_s` (seconds since 1970).
    /// The root is written (as `./`) only if it differs from a plain 0755 folder of 0:0.
    pub fn of(tree: &Tree, mtime_s: u64) -> Result<Self, ImageError> {
        let mut stream = Self {
            pieces: Vec::with_capacity(tree.len() * 3),
            size: 0,
            entries: 0,
        };
        let root = tree.root();
        let plain = Entry::directory(0o755, Origin::Implicit);
        let attributes = |e: &Entry| (e.mode, e.uid, e.gid, e.xattrs.len());
        if attributes(root) != attributes(&plain) {
            stream.add(&TreePath::root(), root, mtime_s)?;
        }
        for (path, entry) in tree.iter() {
            stream.add(path, entry, mtime_s)?;
        }
        stream.push(Bytes::from_static(&ZEROS));
        Ok(stream)
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Number of members.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The bytes, in order, in pieces of any length.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The digest of the bytes: a layer's diff id.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for piece in &self.pieces {
            hasher.update(piece);
        }
        hasher.finish()
    }

    fn push(&mut self, piece: Bytes) {
        self.size += piece.len() as u64;
        self.pieces.push(piece);
    }

    fn add(&mut self, path: &TreePath, entry: &Entry, mtime: u64) -> Result<(), ImageError> {
        let name = member_name(path, entry);
        let link = match &entry.kind {
            Kind::Symlink { target } => unescape(target).into_owned(),
            Kind::Hardlink { to } => unescape(to.relative()).into_owned(),
            _ => Vec::new(),
        };
        let content = match &entry.kind {
            Kind::File(blob) => match blob.bytes() {
                Some(bytes) => Some(bytes.clone()),
                None => return Err(ImageError::NoContent(path.clone())),
            },
            _ => None,
        };
        let device = match entry.kind {
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                if u64::from(major.max(minor)) > MOST_ID {
                    return Err(ImageError::Unwritable {
                        path: path.clone(),
                        why: "its device number does not fit",
                    });
                }
                Some((major, minor))
            }
            _ => None,
        };
        let header = Header {
            name: &name,
            kind: type_flag(&entry.kind),
            mode: entry.mode,
            uid: entry.uid.into(),
            gid: entry.gid.into(),
            size: content.as_ref().map_or(0, |bytes| bytes.len() as u64),
            mtime,
            link: &link,
            device,
        };
        let mut head = BytesMut::with_capacity(BLOCK);
        extend(&mut head, path, &header, entry)?;
        head.extend_from_slice(&header.bytes());
        self.push(head.freeze());
        if let Some(content) = content.filter(|content| !content.is_empty()) {
            let padding = content.len().next_multiple_of(BLOCK) - content.len();
            self.push(content);
            if padding > 0 {
                self.push(Bytes::from_static(&ZEROS[..padding]));
            }
        }
        self.entries += 1;
        Ok(())
    }
}

/// A member's name: relative, a slash after folders, `./` for the root.
fn member_name(path: &TreePath, entry: &Entry) -> Vec<u8> {
    let mut name = match path.is_root() {
        true => b".".to_vec(),
        false => unescape(path.relative()).into_owned(),
    };
    if entry.is_directory() {
        name.push(b'/');
    }
    name
}

fn type_flag(kind: &Kind) -> u8 {
    match kind {
        Kind::File(_) => b'0',
        Kind::Hardlink { .. } => b'1',
        Kind::Symlink { .. } => b'2',
        Kind::CharDevice { .. } => b'3',
        Kind::BlockDevice { .. } => b'4',
        Kind::Directory => b'5',
        Kind::Fifo => b'6',
    }
}

/// Writes a PAX header with what the header itself cannot hold, if anything. Attributes come last:
/// their values may hold any byte, which some readers stumble over.
fn extend(
    out: &mut BytesMut,
    path: &TreePath,
    header: &Header<'_>,
    entry: &Entry,
) -> Result<(), ImageError> {
    let mut records = Vec::new();
    let number = |value: u64| value.to_string().into_bytes();
    for (key, value, fits) in [
        ("gid", number(header.gid), header.gid <= MOST_ID),
        (
            "linkpath",
            header.link.to_vec(),
            header.link.len() <= LONGEST_LINK,
        ),
        ("mtime", number(header.mtime), header.mtime <= MOST_SIZE),
        ("path", header.name.to_vec(), split(header.name).is_some()),
        ("size", number(header.size), header.size <= MOST_SIZE),
        ("uid", number(header.uid), header.uid <= MOST_ID),
    ] {
        if !fits {
            pax::put(&mut records, key.as_bytes(), &value);
        }
    }
    // Attributes of a hard link are those of the file, written with the file.
    if !matches!(entry.kind, Kind::Hardlink { .. }) {
        for (name, value) in &entry.xattrs {
            let name = unescape(name);
            if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
                return Err(ImageError::Unwritable {
                    path: path.clone(),
                    why: "an extended attribute has an impossible name",
                });
            }
            pax::put(&mut records, &[pax::XATTR, &name].concat(), value);
        }
    }
    if records.is_empty() {
        return Ok(());
    }
    let extension = Header {
        name: b"PaxHeaders.0",
        kind: b'x',
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: records.len() as u64,
        mtime: header.mtime,
        link: b"",
        device: None,
    };
    out.extend_from_slice(&extension.bytes());
    records.resize(records.len().next_multiple_of(BLOCK), 0);
    out.extend_from_slice(&records);
    Ok(())
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
