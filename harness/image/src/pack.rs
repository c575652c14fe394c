//! Trees into stored layers.

use bytes::Bytes;
use model::{Digest, Hasher};
use rayon::prelude::*;
use rootfs::{Entry, Kind, Layer, Origin, Tree, TreePath};

use crate::document::MEDIA_LAYER_GZIP;
use crate::layer::{Budget, read_layer};
use crate::{ImageError, Limits, TarStream, gzip};

/// A layer as it is stored.
#[derive(Debug, Clone)]
pub struct PackedLayer {
    /// Digest of the tar bytes.
    pub diff_id: Digest,
    /// Length of the tar bytes.
    pub tar_bytes: u64,
    /// Members of the archive.
    pub entries: u64,
    /// Digest of the stored bytes.
    pub digest: Digest,
    /// Length of the stored bytes.
    pub stored_bytes: u64,
    /// How it was packed, for the build record: `gzip level 6, blocks of 1048576 bytes, zlib-rs`.
    pub packing: String,
    pub(crate) media_type: &'static str,
    pub(crate) pieces: Vec<Bytes>,
}

impl PackedLayer {
    /// Packs `tree` with the modification time `mtime_s` and gzip at `level` (1 to 9), on the
    /// threads of the current rayon pool.
    pub fn of(tree: &Tree, mtime_s: u64, level: u32) -> Result<Self, ImageError> {
        Self::of_stream(&TarStream::of(tree, mtime_s)?, level)
    }

    /// Packs a tar stream.
    pub fn of_stream(stream: &TarStream, level: u32) -> Result<Self, ImageError> {
        Self::of_pieces(stream.pieces(), stream.entries(), level)
    }

    /// Packs a tar archive that another program made, byte for byte, so that the time of each file
    /// stays as it was written; the layer, and what it holds. What no image may hold is refused
    /// here, not when the image is opened.
    pub fn of_archive(tar: Bytes, level: u32) -> Result<(Self, Tree), ImageError> {
        let (tree, entries) = read_archive(&tar)?;
        let packed = Self::of_pieces(&[tar], entries, level)?;
        Ok((packed, tree))
    }

    fn of_pieces(tar: &[Bytes], entries: u64, level: u32) -> Result<Self, ImageError> {
        // Hashing the tar bytes cannot be split up, so it runs beside the deflating.
        let (packed, (diff_id, tar_bytes)) = rayon::join(|| gzip(tar, level), || measured(tar));
        let pieces = packed?;
        let mut hasher = Hasher::new();
        for piece in &pieces {
            hasher.update(piece);
        }
        Ok(Self {
            diff_id,
            tar_bytes,
            entries,
            digest: hasher.finish(),
            stored_bytes: pieces.iter().map(|piece| piece.len() as u64).sum(),
            packing: format!(
                "gzip level {level}, blocks of {} bytes, zlib-rs",
                crate::BLOCK_BYTES
            ),
            media_type: MEDIA_LAYER_GZIP,
            pieces,
        })
    }
}

/// Digest and length of bytes in pieces.
/// What a tar archive that somebody else wrote holds, within the standard limits.
pub fn tree_of_archive(tar: &Bytes) -> Result<Tree, ImageError> {
    Ok(read_archive(tar)?.0)
}

fn read_archive(tar: &Bytes) -> Result<(Tree, u64), ImageError> {
    let limits = Limits::standard();
    let mut budget = Budget::new(&limits);
    budget.take_bytes(tar.len() as u64)?;
    let tree = read_layer(tar, 0, &mut budget)?.tree;
    Ok((tree, budget.entries()))
}

fn measured(pieces: &[Bytes]) -> (Digest, u64) {
    let mut hasher = Hasher::new();
    let mut size = 0;
    for piece in pieces {
        hasher.update(piece);
        size += piece.len() as u64;
    }
    (hasher.finish(), size)
}

/// Computes the digest of every content of `tree` on the threads of the current rayon pool; each is
/// kept with its content, so later listings and digests cost nothing.
pub fn hash_contents(tree: &Tree) {
    let blobs: Vec<_> = tree.iter().collect();
    blobs.par_iter().for_each(|(_, entry)| {
        if let Kind::File(blob) = &entry.kind {
            blob.digest();
        }
    });
}

/// The layers of an image, packed, and what they merge to.
#[derive(Debug, Clone)]
pub struct PackedLayers {
    /// Lowest first, as many as there were parts.
    pub layers: Vec<PackedLayer>,
    /// What a container of the image sees.
    pub tree: Tree,
}

/// Packs the parts of an image, lowest first (slices, the user's files, what finish steps made),
/// each laid over those before it by [`stack`], all with one time and level.
pub fn pack_layers(parts: &[&Tree], mtime_s: u64, level: u32) -> Result<PackedLayers, ImageError> {
    let mut tree = Tree::new();
    let mut stacked = Vec::with_capacity(parts.len());
    for (number, part) in parts.iter().enumerate() {
        let own = match number {
            0 => (*part).clone(),
            _ => stack(&tree, part)?,
        };
        let layer = Layer {
            tree: own,
            ..Layer::new()
        };
        if let Some(odd) = tree.overlay(&layer).into_iter().next() {
            return Err(ImageError::Unwritable {
                path: TreePath::new(&*odd.path)?,
                why: "it cannot be laid over the layers below",
            });
        }
        stacked.push(layer.tree);
    }
    let packed = stacked.par_iter();
    let packed = packed.map(|tree| PackedLayer::of(tree, mtime_s, level));
    Ok(PackedLayers {
        layers: packed.collect::<Result<_, _>>()?,
        tree,
    })
}

/// The layer that lays `own` over `below`: entries go through the links of `below` as a runtime
/// would place them, and parents that `own` does not declare keep the attributes they have below,
/// so that unpacking the layer changes nothing but what it is about.
pub fn stack(below: &Tree, own: &Tree) -> Result<Tree, ImageError> {
    let mut layer = Tree::new();
    let mut links = Vec::new();
    for (path, entry) in own.iter() {
        if entry.origin == Origin::Implicit {
            continue;
        }
        let placed = below.place(path).map_err(|_| unplaceable(path))?;
        if matches!(entry.kind, Kind::Hardlink { .. }) {
            links.push((placed, entry.clone()));
        } else {
            put(&mut layer, below, placed, entry.clone())?;
        }
    }
    for (placed, mut entry) in links {
        if let Kind::Hardlink { to } = &mut entry.kind {
            *to = below.place(to).map_err(|_| unplaceable(to))?;
        }
        put(&mut layer, below, placed, entry)?;
    }
    if own.root().origin != Origin::Implicit {
        layer.insert(TreePath::root(), own.root().clone())?;
    } else {
        layer.insert(TreePath::root(), below.root().clone())?;
    }
    Ok(layer)
}

fn unplaceable(path: &TreePath) -> ImageError {
    ImageError::Unwritable {
        path: path.clone(),
        why: "its folder is no folder in the layers below",
    }
}

fn put(layer: &mut Tree, below: &Tree, path: TreePath, entry: Entry) -> Result<(), ImageError> {
    let mut parents = Vec::new();
    let mut at = path.parent();
    while let Some(parent) = at.filter(|parent| !parent.is_root() && !layer.contains(parent)) {
        at = parent.parent();
        parents.push(parent);
    }
    for parent in parents.into_iter().rev() {
        let folder = match below.get(&parent) {
            Some(folder) => folder.clone(),
            None => Entry::directory(0o755, Origin::Implicit),
        };
        layer.insert(parent, folder)?;
    }
    layer.insert(path, entry)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rootfs::Blob;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn file(text: &str) -> Entry {
        Entry::file(Blob::new(text.as_bytes().to_vec()), 0o644, Origin::User)
    }

    #[test]
    fn a_stacked_layer_changes_only_what_it_is_about() {
        let mut below = Tree::new();
        let folder = |mode| Entry::directory(mode, Origin::User).with_ids(7, 7);
        below.insert(path("/etc"), folder(0o711)).unwrap();
        below.insert(path("/usr/lib"), folder(0o755)).unwrap();
        let link = Entry::symlink("usr/lib", Origin::User);
        below.insert(path("/lib"), link).unwrap();
        let mut own = Tree::new();
        own.insert(path("/etc/app.conf"), file("1")).unwrap();
        own.insert(path("/lib/deep/x"), file("2")).unwrap();
        let to = path("/lib/deep/x");
        own.insert(
            path("/aaa"),
            Entry::new(Kind::Hardlink { to }, 0o644, Origin::User),
        )
        .unwrap();
        let layer = stack(&below, &own).unwrap();
        let paths: Vec<&str> = layer.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/aaa",
                "/etc",
                "/etc/app.conf",
                "/usr",
                "/usr/lib",
                "/usr/lib/deep",
                "/usr/lib/deep/x"
            ]
        );
        let mut merged = below.clone();
        let odd = merged.overlay(&Layer {
            tree: layer,
            ..Layer::new()
        });
        assert!(odd.is_empty());
        let diff = below.diff(&merged);
        assert!(
            diff.removed.is_empty() && diff.changed.is_empty(),
            "{diff:?}"
        );
        assert_eq!(diff.added.len(), 4);
    }

    #[test]
    fn an_archive_made_elsewhere_is_packed_byte_for_byte() {
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o640);
        header.set_mtime(77);
        let mut made = tar::Builder::new(Vec::new());
        made.append_data(&mut header, "etc/app.conf", &b"hi"[..])
            .unwrap();
        let bytes = Bytes::from(made.into_inner().unwrap());
        let (packed, tree) = PackedLayer::of_archive(bytes.clone(), 1).unwrap();
        assert_eq!(tree.get("/etc/app.conf").unwrap().mtime, Some(77));
        assert_eq!(
            (packed.diff_id, packed.tar_bytes, packed.entries),
            (Digest::of(&bytes), bytes.len() as u64, 1)
        );
        let cut_off = bytes.slice(..513);
        assert!(PackedLayer::of_archive(cut_off, 1).is_err());
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let mut below = Tree::new();
        below.insert(path("/etc"), file("no folder")).unwrap();
        let mut own = Tree::new();
        own.insert(path("/etc/app.conf"), file("1")).unwrap();
        assert!(stack(&below, &own).is_err());
    }
}
