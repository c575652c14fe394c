//! Fakes at real seams for tests: packages, a signed archive and the server that carries it.
//!
//! Everything is made from scratch and shares no code with what it tests. A fake that cannot be
//! made fails the test at once, so functions panic instead of returning errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a fake that cannot be made must fail its test"
)]

mod archive;
mod key;
mod package;
mod packing;
mod server;

pub use archive::{ArchiveBuilder, SuiteBuilder};
pub use key::{Algorithm, ArchiveKey, KeyPlan, Purpose, SignPlan, Standing, clearsign};
pub use package::{BuiltDeb, DebBuilder, ar};
pub use packing::Packing;
pub use server::{Fault, Server};
