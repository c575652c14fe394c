//! `cargo xtask bench`: how fast, apart from the tests.

use std::process::Command;

use anyhow::Result;

use crate::cargo;

/// Cutting, in the profile in which certify runs; figures on standard output as JSON.
pub(crate) fn cut() -> Command {
    cargo::command(&[
        "bench",
        "--quiet",
        "--workspace",
        "--profile",
        "dev",
        "--bench",
        "cut",
    ])
}

/// Runs every bench.
pub(crate) fn run() -> Result<()> {
    let figures = cargo::output("cargo bench", cut())?;
    cargo::print(figures.trim_end());
    Ok(())
}
