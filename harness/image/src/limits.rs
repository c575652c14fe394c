//! How much of an image is taken in: images are hostile until shown otherwise.

/// Limits on what is read. Every one of them ends reading with an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest index, manifest or configuration, in bytes.
    pub document_bytes: u64,
    /// Deepest nesting of indexes.
    pub index_depth: usize,
    /// Most manifests looked at.
    pub manifests: usize,
    /// Most layers.
    pub layers: usize,
    /// Largest stored layer, in bytes.
    pub stored_bytes: u64,
    /// Largest layer once decompressed, in bytes.
    pub layer_bytes: u64,
    /// Largest sum of decompressed layers, in bytes.
    pub image_bytes: u64,
    /// Highest ratio of decompressed to stored bytes, once `ratio_from_bytes` are decompressed.
    pub ratio: u64,
    /// From how many decompressed bytes on the ratio counts.
    pub ratio_from_bytes: u64,
    /// Most entries, over all layers.
    pub entries: u64,
    /// Deepest path, in parts.
    pub depth: usize,
    /// Most bytes of extended attributes of one entry.
    pub xattr_bytes: u64,
}

impl Limits {
    /// Far above any real image, far below what would hurt a machine: layers of 4 GiB, images of
    /// 8 GiB, a million entries, a ratio of 200 from 64 MiB on.
    pub const fn standard() -> Self {
        Self {
            document_bytes: 4 << 20,
            index_depth: 4,
            manifests: 1_000,
            layers: 128,
            stored_bytes: 4 << 30,
            layer_bytes: 4 << 30,
            image_bytes: 8 << 30,
            ratio: 200,
            ratio_from_bytes: 64 << 20,
            entries: 1_000_000,
            depth: 128,
            xattr_bytes: 256 << 10,
        }
    }
}
