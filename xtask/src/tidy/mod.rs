//! `cargo xtask tidy`: what the project demands of its own files. One rule, one file.

mod arrows;
mod features;
mod files;
mod hosts;
mod readme;
mod registries;
mod tls;

use anyhow::{Result, ensure};

use crate::cargo;

/// A rule: its name and what it finds.
type Rule = (&'static str, fn() -> Result<Vec<String>>);

/// Every rule.
const RULES: &[Rule] = &[
    ("who may name whom", arrows::check),
    ("features alike for both selections", features::check),
    ("size and docs of files", files::check),
    ("hosts and paths", hosts::check),
    ("registries complete", registries::check),
    ("one TLS provider", tls::check),
    ("README commands exist", readme::check),
];

/// Runs every rule, prints every finding, fails if there is one.
pub(crate) fn run() -> Result<()> {
    let mut findings = 0;
    for (name, check) in RULES {
        for finding in check()? {
            cargo::say(&format!("tidy: {name}: {finding}"));
            findings += 1;
        }
    }
    ensure!(findings == 0, "tidy found {findings} thing(s)");
    cargo::say(&format!("    Tidy  {} rules hold", RULES.len()));
    Ok(())
}
