//! OCI images: layers, layouts, archives; written byte for byte the same, read without trust.
//!
//! Writing: [`TarStream`] (a tree as tar), [`gzip`] (in parallel blocks), [`PackedLayer`],
//! [`write_layout`], [`NewLayout`], [`join_layouts`], [`write_archive`]. Reading: [`Reference`], [`OciImage::open`],
//! [`OciImage::import`], within [`Limits`]. On disk: [`unpack`] and [`rehash`]. This crate knows trees, not where they come
//! from.

mod archive;
mod beneath;
mod choose;
mod document;
mod error;
mod gzip;
mod join;
mod lay;
mod layer;
mod limits;
mod open;
mod pack;
mod reference;
mod rehash;
mod store;
mod tar;
mod unpack;
mod write;

pub use archive::{write_archive, write_daemon_archive};
pub use document::{
    Descriptor, ImageDocument, Index, MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST, MEDIA_INDEX,
    MEDIA_MANIFEST, Manifest, Platform, REF_NAME, RawDocument, RuntimeSection,
};
pub use error::ImageError;
pub use gzip::{BLOCK_BYTES, gzip};
pub use join::join_layouts;
pub use lay::lay_over;
pub use layer::Compression;
pub use limits::Limits;
pub use open::{ImageLayer, ManifestOrigin, OciImage, Sizes, pointer};
pub use pack::{PackedLayer, PackedLayers, hash_contents, pack_layers, stack, tree_of_archive};
pub use reference::Reference;
pub use rehash::rehash;
pub use tar::TarStream;
pub use unpack::{Owners, Unpacked, unpack};
pub use write::{ImageConfig, NewLayout, WrittenImage, write_layout};
