//! What an application needs of an archive: followed from its own files through libraries,
//! interpreters, modules and runtimes to the packages and slices that hold them.
//!
//! [`advise`] is the way through: [`Application`] files go to [`READERS`], whose needs are resolved
//! in the application first and then by the archive's `Contents` indexes; files of packages are read
//! by the same readers. What no slice of the release holds gets a draft; an [`Overlay`] is the
//! release with all drafts.

mod advice;
mod application;
mod cover;
mod draft;
mod error;
mod java;
mod limits;
mod need;
mod paths;
mod pursuit;
mod python;
mod readers;
mod shelf;
mod table;
#[cfg(test)]
mod testing;

pub use advice::{
    Advice, AdvisedFile, AdvisedPackage, AdvisedSlice, Missing, Request, Unreadable, advise,
};
pub use application::Application;
pub use draft::{Draft, Overlay};
pub use error::{BadFile, Error, Result};
pub use limits::Limits;
pub use need::{Findings, Need, Strength};
pub use readers::{Owner, READERS, Reader, Subject};
pub use shelf::Library;
pub use table::table;
