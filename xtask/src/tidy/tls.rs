//! One TLS provider: with two in a binary, rustls panics at its first use.

use anyhow::Result;

use crate::cargo;

/// Crates that bring another provider or another TLS stack.
const BANNED: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];

pub(super) fn check() -> Result<Vec<String>> {
    let lock = fs_err::read_to_string(cargo::root().join("Cargo.lock"))?;
    Ok(BANNED
        .iter()
        .filter(|name| lock.contains(&format!("name = \"{name}\"\n")))
        .map(|name| format!("{name} is in the graph"))
        .collect())
}
