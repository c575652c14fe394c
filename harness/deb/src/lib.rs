//! Debian packages and archives: .deb files, indexes, InRelease, versions, fetching, closure.

mod ar;
pub mod control;
mod entry;
mod package;
mod reader;
mod relation;
mod unpack;
mod version;

pub use ar::ArFault;
pub use entry::{Entry, EntryKind, MOST_ENTRIES, TarFault};
pub use package::{BadRecord, MultiArch, Package, Priority};
pub use reader::{BadPackage, DebReader, PackageFault};
pub use relation::{AnyOf, ArchTerm, BadRelation, Operator, Relation, relation, relations};
pub use unpack::{Compression, Limits, UnpackFault, unpack};
pub use version::{BadVersion, Version};
