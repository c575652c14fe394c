//! Debian packages and archives: .deb files, indexes, InRelease, versions, fetching, closure.

mod address;
mod ar;
mod archive;
mod cleartext;
mod client;
mod closure;
mod contents;
pub mod control;
mod credentials;
mod entry;
mod fetch;
mod index;
mod inrelease;
mod kept;
mod keyring;
mod package;
mod reader;
mod relation;
mod signed;
mod sources;
mod store;
mod stored;
mod stream;
mod unpack;
mod version;

pub use address::{Address, BadAddress, Place};
pub use ar::ArFault;
pub use archive::{
    Archive, ArchiveContents, ArchiveSpec, IndexFault, Offer, OpenError, OpenedSuite, SuiteFault,
    Tried, open,
};
pub use client::{ClientError, Proxies, client, silent};
pub use closure::{ClosureError, closure, minbase};
pub use contents::{ContentsFault, ContentsIndex, ContentsLimits, packages_of};
pub use credentials::{Credentials, Login};
pub use entry::{Entry, EntryKind, MOST_ENTRIES, TarFault};
pub use fetch::{FetchError, FetchFault, Fetcher, Pace, Progress, Wanted};
pub use index::{BadIndex, Index};
pub use inrelease::{AllPackages, BadRelease, ByHash, InRelease, ListedFile};
pub use kept::{Kept, KeptCopy, KeptOrigin, KeptPace};
pub use keyring::{BadKey, KeyFault, Keyring};
pub use package::{BadRecord, MultiArch, Package, Priority};
pub use reader::{BadPackage, DebReader, PackageFault};
pub use relation::{AnyOf, ArchTerm, BadRelation, Operator, Relation, relation, relations};
pub use signed::{BadSignature, Refusal, RefusalReason, SignedText, Signer};
pub use sources::{AddressBook, AptSources, BadMirror, Candidate, NamedBy, Unusable, apt_proxies};
pub use store::{Incoming, ObjectLock, Store, StoreError};
pub use stored::stored;
pub use stream::{DebStream, Passing};
pub use unpack::{Compression, Limits, UnpackFault, unpack};
pub use version::{BadVersion, Version};
