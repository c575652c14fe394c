//! Releases, slices, selection, conflicts, globs and the cut itself.
//!
//! A [`Release`] says from which archives packages come and into which slices they are cut. A
//! [`Selection`] is what somebody wants of it, closed over what that needs.

mod archive_source;
mod check_archives;
mod cut;
mod differences;
mod error;
mod find;
mod glob;
mod glob_index;
mod info;
mod kept;
mod lint;
mod lock;
pub mod metadata;
mod release;
mod select;
mod source;
mod stage;
mod whole;

pub use archive_source::{ArchiveSource, archive_specs};
pub use check_archives::{ArchiveIssue, ArchivesChecked, Observation, check_archives};
pub use cut::{Cut, Manifest, ScriptLimits, cut, cut_over, records};
pub use differences::{DIFFERENCES, Difference, DifferenceKind};
pub use error::{Error, ErrorClass, Result};
pub use find::{find, table};
pub use glob::Pattern;
pub use info::{Info, PackageInfo, SliceInfo, info};
pub use kept::BadKept;
pub use lint::{Lint, PackageListing, RULES, Rule, Subject, UnpackedPackages, lint, lint_alone};
pub use lock::{
    Change, Lock, LockedArch, LockedPackage, LockedRelease, LockedSource, LockedSuite, Step,
};
pub use release::{
    Archive, Essential, Format, Ignored, KeptReleases, Maintenance, Package, PathKind, PathRule,
    PreferChain, Pro, PublicKey, Release, ReleaseFiles, Slice, SliceKey, Strictness, UnknownKey,
};
pub use select::{Selection, select};
pub use source::{PackageRecord, PackageSource};
pub use whole::{LinkerCache, PathExcludes, RuleKind, cut_whole, generate, linker_cache};
