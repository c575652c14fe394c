//! Values only: what every room of the harness speaks about.
//!
//! Ids, digests, quantities, image specs, profiles, plans, checks, outcomes, samples, verdicts,
//! reports and certificates. No I/O, no async, no clock: whatever needs the world lives in
//! another crate and converts at its edge.
//!
//! The room types, in the order data flows: [`ImageSpec`] and [`Profile`] (intent), [`Plan`],
//! [`Samples`], [`Verdict`], [`Report`], [`Statement`] (certificate).

mod arch;
mod digest;
mod ids;

pub use arch::{Arch, UnknownArch};
pub use digest::{BadDigest, Digest, Hasher};
pub use ids::{BadId, CellId, CheckId, ImageName, PlatformName, RunId, SuiteName};
