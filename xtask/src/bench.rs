//! `cargo xtask bench`: how fast, apart from the tests.

use std::process::Command;

use anyhow::Result;

use crate::{build, cargo};

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

/// Validating and cutting slices by the released program, beside the reference tool where that is
/// installed. `rows`: releases, growth, indexes, cuts; none: all.
pub(crate) fn slices(rows: &[String]) -> Command {
    let mut command = cargo::command(&[
        "bench",
        "--quiet",
        "--workspace",
        "--profile",
        "release",
        "--bench",
        "slices",
        "--",
    ]);
    command
        .args(rows)
        .env("CERTIFY_LIBEXEC", build::libexec_folder());
    command
}

/// Runs the bench of this name, or that of images.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let command = match arguments.split_first() {
        None => cut(),
        Some((name, rows)) if name == "slices" => {
            build::libexec()?;
            slices(rows)
        }
        Some((name, _)) => anyhow::bail!("there is no bench `{name}` (known: slices)"),
    };
    let figures = cargo::output("cargo bench", command)?;
    cargo::print(figures.trim_end());
    Ok(())
}
