//! Building: the certify binary, and the programs that run beside and inside containers.
//!
//! `probe` runs inside images that have no C library, so it is linked statically with a target
//! folder of its own; `launch` is an ordinary program. Both end in a `libexec` folder beside the
//! certify binary, where it looks for them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::cargo;

/// Builds certify and what it needs; says how long it took when that was noticeable.
pub(crate) fn all() -> Result<PathBuf> {
    let started = clock();
    let packages = ["build", "--quiet", "-p", "certify", "-p", "launch"];
    cargo::run("building certify", cargo::command(&packages))?;
    libexec()?;
    let took = clock().saturating_sub(started);
    if took > Duration::from_secs(20) {
        cargo::say(&format!(
            "   Build  certify, launch, probe  {} s",
            took.as_secs()
        ));
    }
    Ok(folder().join("certify"))
}

/// Builds the libtest front, which plain `cargo test` leaves out and its own tests start.
pub(crate) fn front() -> Result<()> {
    let front = [
        "test",
        "--quiet",
        "--workspace",
        "--test",
        "certification",
        "--no-run",
    ];
    cargo::run("building the libtest front", cargo::command(&front))
}

/// Selected beside certify, so that shared crates are built once: alone it would ask fewer features
/// of them and build a second set.
const LAUNCH: [&str; 8] = [
    "build", "--quiet", "-p", "certify", "-p", "launch", "--bin", "launch",
];

/// Builds the static probe in a target folder of its own; where it is.
pub(crate) fn probe() -> Result<PathBuf> {
    let host = host_triple()?;
    let own_target = cargo::target().join("libexec-build");
    let mut probe = cargo::command(&[
        "build",
        "--quiet",
        "--release",
        "-p",
        "probe",
        "--target",
        &host,
    ]);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // A nested build must not inherit the outer one's wrappers and flags.
        if (text.starts_with("CARGO_") && text != "CARGO_HOME") || text.starts_with("RUSTC") {
            probe.env_remove(&name);
        }
    }
    probe.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    probe.env("CARGO_TARGET_DIR", &own_target);
    cargo::run("building the static probe", probe).context(
        "a C library for static linking is needed (Debian: libc6-dev, Fedora: glibc-static)",
    )?;
    Ok(own_target.join(&host).join("release/probe"))
}

/// Builds `probe` and `launch` and puts them where certify looks.
pub(crate) fn libexec() -> Result<()> {
    let probe = probe()?;
    cargo::run("building launch", cargo::command(&LAUNCH))?;
    let libexec = libexec_folder();
    fs_err::create_dir_all(&libexec)?;
    install(&probe, &libexec.join("probe"))?;
    install(&folder().join("launch"), &libexec.join("launch"))
}

/// Where `probe` and `launch` end.
pub(crate) fn libexec_folder() -> PathBuf {
    folder().join("libexec")
}

/// Replaces a program atomically, and only when it differs: a running one is not disturbed.
fn install(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    let new = fs_err::read(from)?;
    if fs_err::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    let next = to.with_extension(format!("{}.new", std::process::id()));
    fs_err::copy(from, &next)?;
    fs_err::rename(&next, to)?;
    Ok(())
}

/// Where cargo puts binaries of the dev profile.
pub(crate) fn folder() -> PathBuf {
    cargo::target().join("debug")
}

#[allow(clippy::disallowed_methods, reason = "asks the compiler for its host")]
fn host_triple() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc)
        .arg("-vV")
        .output()
        .context("asking rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc did not name its host")
}

/// Time since some fixed point; xtask measures nothing but its own builds.
#[allow(
    clippy::disallowed_methods,
    reason = "xtask does not depend on the engine's clock"
)]
fn clock() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}
