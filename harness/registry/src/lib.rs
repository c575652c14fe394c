//! Images in OCI registries (OCI distribution specification 1.1): pulled into layouts, pushed from
//! them by their raw bytes, referred to by other manifests.
//!
//! [`Reference`] says where an image is, [`Client`] goes there: [`Client::pull`], [`Client::push`],
//! [`Client::referrers`], [`Client::attach`]. Credentials come from a [`Keychain`], are sent to the
//! registry they belong to and to nobody else, and stand in no error. Plain HTTP is spoken to
//! loopback addresses without certificates of their own ([`Trust`]) and to hosts that [`Settings`]
//! name. Everything has a limit: bytes, tries,
//! time. This crate knows layouts, not what is done with them.

mod answer;
mod authority;
mod challenge;
mod client;
mod command;
mod download;
mod error;
mod helper;
mod keychain;
mod pull;
mod push;
mod reference;
mod referrers;
mod secret;
mod settings;
mod token;
mod transport;
mod trust;
mod upload;

pub use client::Client;
pub use error::{Fault, RegistryError};
pub use keychain::{Credentials, Keychain};
pub use pull::{Pulled, Wanted};
pub use push::Pushed;
pub use reference::{BadReference, Pointer, Reference, Repository};
pub use referrers::{Artifact, ArtifactFile, Attached, FoundBy, Referrers};
pub use secret::Secret;
pub use settings::{Patience, Settings};
pub use trust::Trust;
