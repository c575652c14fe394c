//! Tar archives: written byte for byte the same from the same tree, read without trust.
//!
//! Own code rather than a crate on both sides: the writer's bytes are a digest that must never move
//! with a dependency, and the reader must see an archive as container runtimes do (binary attribute
//! values with newlines, PAX sizes, header-only members) and hand out slices without copying. The
//! tests hold both against an independent implementation.

mod header;
mod member;
mod pax;
mod stream;

pub(crate) use header::Header;
pub(crate) use member::{Member, Members};
pub use stream::TarStream;

/// Size of a tar block.
pub(crate) const BLOCK: usize = 512;
