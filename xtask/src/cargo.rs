//! Calling cargo, and saying what is going on.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

/// Says one line on standard error: standard output belongs to data.
#[allow(clippy::print_stderr, reason = "the one place where xtask speaks")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Prints data on standard output.
#[allow(clippy::print_stdout, reason = "data goes there")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}

/// The workspace's folder: that of the cargo that runs this program, for a folder of build products
/// shared by several checkouts can hold a program that was built in another one.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().unwrap_or(&here).to_owned()
}

/// The folder of build products.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A cargo call in the workspace's folder.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the command module of xtask"
)]
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    forget_us(&mut command);
    command
}

/// A call of rustup: another toolchain than the one that runs this program.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the command module of xtask"
)]
pub(crate) fn rustup() -> Command {
    let mut command = Command::new("rustup");
    forget_us(&mut command);
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}

fn forget_us(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_about_us(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
}

/// Whether a variable was set by the cargo that runs this program, to describe this package. Build
/// scripts that look at these would run again whenever cargo is called without xtask, or with it.
fn is_about_us(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "OUT_DIR",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// Runs a cargo call whose output goes to standard error.
pub(crate) fn run(what: &str, mut command: Command) -> Result<()> {
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("{what}: could not start it"))?;
    anyhow::ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}

/// Runs a cargo call and returns what it printed.
pub(crate) fn output(what: &str, mut command: Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("{what}: could not start it"))?;
    anyhow::ensure!(output.status.success(), "{what} failed ({})", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("{what}: output is not text"))
}
