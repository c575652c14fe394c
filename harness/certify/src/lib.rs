//! The certification harness as a library: every verb of the binary, callable.

pub mod arguments;
pub mod command;
mod failure;
pub mod host;
mod interrupt;
pub mod libexec;
pub mod rooms;
pub mod shipped;
mod terminal;
pub mod verbs;

pub use failure::{Failure, OrExit};
pub use terminal::Terminal;

/// Program and version, as reports name it.
pub const TOOL: &str = concat!("certify ", env!("CARGO_PKG_VERSION"));

/// Digest of the sources this program was built from.
pub const BUILD: &str = env!("CERTIFY_BUILD_HASH");
