//! A file tree in memory: paths, entries, contents, and readers of what lies in it.
//!
//! Nothing here touches a disk but a [`Spool`], which takes contents too large to hold. A [`Tree`] is what a cut makes, what a layer holds, what an image
//! merges to; [`CutRootfs`] is the room type of the cut. The modules under [`read`] are pure
//! functions over a tree: they never follow a link out of it and never panic on hostile bytes.

mod blob;
mod cut;
mod diff;
mod entry;
mod layer;
mod listing;
mod name;
mod path;
pub mod read;
mod resolve;
mod spool;
mod totals;
mod tree;

pub use blob::Blob;
pub use cut::{CutPackage, CutRootfs};
pub use diff::{Change, Diff, Field};
pub use entry::{Entry, Kind, Origin};
pub use layer::{Layer, Oddity};
pub use listing::ListingError;
pub use name::{escape, unescape};
pub use path::{BadPath, TreePath};
pub use resolve::ResolveError;
pub use spool::{Spool, Spooled};
pub use totals::Totals;
pub use tree::{Tree, TreeError};
