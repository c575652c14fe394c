//! `cargo xtask ci`: the gate.

use anyhow::{Result, bail};

use crate::{cargo, test, tidy};

/// Runs the gate's steps in order and stops at the first that fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => test::run(&[])?,
        ["--after-test"] => {}
        other => bail!("unknown arguments {other:?} (known: --after-test)"),
    }
    cargo::say("  Format");
    cargo::run(
        "cargo fmt",
        cargo::command(&["fmt", "--all", "--", "--check"]),
    )?;
    cargo::say("  Clippy");
    let clippy = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    cargo::run("cargo clippy", cargo::command(&clippy))?;
    // Not among all targets, since it is no test of plain `cargo test`.
    let front = [
        "clippy",
        "--quiet",
        "-p",
        "certify",
        "--test",
        "certification",
        "--",
        "-D",
        "warnings",
    ];
    cargo::run("cargo clippy of the front", cargo::command(&front))?;
    cargo::say("    Docs");
    let mut doc = cargo::command(&["doc", "--quiet", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    cargo::run("cargo doc", doc)?;
    tidy::run()
}
