//! Fakes at real seams for tests: packages, a signed archive and the server that carries it, a
//! registry.
//!
//! Everything is made from scratch and shares no code with what it tests. A fake that cannot be
//! made fails the test at once, so functions panic instead of returning errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a fake that cannot be made must fail its test"
)]

mod archive;
mod http;
mod key;
mod package;
mod packing;
mod registry;
mod served;
mod server;

pub use archive::{ArchiveBuilder, SuiteBuilder};
pub use http::{Answer, Request};
pub use key::{Algorithm, ArchiveKey, KeyPlan, Purpose, SignPlan, Standing, clearsign};
pub use package::{BuiltDeb, DebBuilder, ar};
pub use packing::Packing;
pub use registry::{Access, Asked, FakeRegistry, RegistryFault};
pub use served::ServedRegistry;
pub use server::{Fault, Server};
