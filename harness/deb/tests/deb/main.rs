//! The crate at its seams: made packages and archives, a loopback server, the host's archive.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cache;
mod closure;
mod dpkg;
mod host;
mod open;
mod package;
mod scene;
mod signature;
