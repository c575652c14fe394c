//! What can go wrong with an image.

use model::{Arch, Digest};
use rootfs::{BadPath, TreeError, TreePath};

/// An image that cannot be written, read or trusted.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ImageError {
    #[error("{what} cannot be read or written")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{0}` is neither an OCI layout, nor an archive of one, nor a `docker save` archive")]
    NoImage(String),
    #[error("reference `{reference}` {why}")]
    Reference { reference: String, why: String },
    #[error("the content of `{0}` is not at hand, only its digest")]
    NoContent(TreePath),
    #[error("`{path}` cannot be put into an archive: {why}")]
    Unwritable { path: TreePath, why: &'static str },
    #[error("deflate level {0} is not in 1 to 9")]
    Level(u32),
    #[error("deflating failed: {0}")]
    Deflate(&'static str),
    #[error("{what} is no valid JSON document of its kind: {why}")]
    Document { what: String, why: String },
    #[error("{what} has digest {found}, declared is {declared}")]
    WrongDigest {
        what: String,
        declared: Digest,
        found: Digest,
    },
    #[error("{what} has {found} bytes, declared are {declared}")]
    WrongSize {
        what: String,
        declared: u64,
        found: u64,
    },
    #[error("{what} is absent")]
    Absent { what: String },
    #[error("no image for {wanted} (there are: {there})")]
    NoPlatform { wanted: Arch, there: String },
    #[error("the image is for `{found}`, not for {wanted}")]
    WrongPlatform { wanted: Arch, found: String },
    #[error("{what} exceeds the limit of {limit} {unit}")]
    Limit {
        what: String,
        limit: u64,
        unit: &'static str,
    },
    #[error("layer {layer} cannot be decompressed")]
    Decompress {
        layer: usize,
        #[source]
        source: std::io::Error,
    },
    #[error("archive member at byte {at}: {why}")]
    Member { at: u64, why: String },
    #[error("media type `{0}` is not supported")]
    MediaType(String),
    #[error("the manifest names {layers} layers, the configuration {diff_ids}")]
    LayerCount { layers: usize, diff_ids: usize },
    #[error("`{0}` exists and is not an empty directory")]
    Occupied(String),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Path(#[from] BadPath),
}

impl ImageError {
    /// Names what was being read or written when the operating system refused.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
