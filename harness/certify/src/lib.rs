//! The certification harness as a library: every verb of the binary, callable.

pub mod arguments;
pub mod command;
mod failure;
pub mod front;
pub mod host;
mod interrupt;
pub mod job;
pub mod libexec;
pub mod releases;
pub mod rooms;
pub mod shipped;
mod terminal;
pub mod verbs;

pub use failure::{Failure, OrExit, told};
pub use terminal::Terminal;

/// Program and version, as reports name it.
pub const TOOL: &str = concat!("certify ", env!("CARGO_PKG_VERSION"));

/// Digest of the sources this program was built from.
pub const BUILD: &str = env!("CERTIFY_BUILD_HASH");

/// The versions of our dependencies: what they make of the same input is theirs too.
pub(crate) const DEPENDENCIES: &[u8] = include_bytes!("../../../Cargo.lock");

/// What a program does before anything else: one TLS provider for all of it, before anything could
/// build a client, and the log that `CERTIFY_LOG` asks for on standard error.
pub fn prepare() {
    use tracing_subscriber::EnvFilter;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = EnvFilter::try_from_env("CERTIFY_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
