//! The crate at its seams: made packages and archives, a loopback server, the host's archive.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(
    clippy::disallowed_methods,
    reason = "dpkg, unshare and this very binary are started, the host's archive is timed"
)]

mod cache;
mod closure;
mod dpkg;
mod host;
mod kept;
mod open;
mod package;
mod scene;
mod signature;
mod stream;
