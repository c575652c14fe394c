//! `cargo xtask dist`: certify, launch and probe in one archive, built for release.
//!
//! The archive's bytes depend on its content alone: sorted names, fixed owners and times.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::{build, cargo};

/// Builds everything and packs it; says where it is and what it weighs.
pub(crate) fn run() -> Result<()> {
    let packages = [
        "build",
        "--quiet",
        "--release",
        "-p",
        "certify",
        "-p",
        "launch",
    ];
    cargo::run("building for release", cargo::command(&packages))?;
    let probe = build::probe()?;
    let release = cargo::target().join("release");
    let name = format!(
        "certify-{}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH
    );
    let place = cargo::target().join("dist");
    let stage = place.join(&name);
    if stage.exists() {
        fs_err::remove_dir_all(&stage)?;
    }
    // A folder beside its own executable is where certify looks for its programs.
    for (from, to) in [
        (release.join("certify"), "certify"),
        (release.join("launch"), "libexec/launch"),
        (probe, "libexec/probe"),
        (cargo::root().join("README.md"), "README.md"),
    ] {
        put(&from, &stage.join(to))?;
    }
    let archive = pack(&place, &name)?;
    starts(&stage)?;
    fs_err::remove_dir_all(&stage)?;
    let bytes = fs_err::read(&archive)?;
    let digest = hex(&Sha256::digest(&bytes));
    fs_err::write(
        place.join(format!("{name}.tar.gz.sha256")),
        format!("{digest}  {name}.tar.gz\n"),
    )?;
    cargo::say(&format!(
        "    Dist  {} ({} bytes, sha256 {digest})",
        archive.display(),
        bytes.len()
    ));
    Ok(())
}

fn put(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::copy(from, to)?;
    Ok(())
}

fn pack(place: &Path, name: &str) -> Result<PathBuf> {
    let shell = xshell::Shell::new()?;
    let archive = place.join(format!("{name}.tar.gz"));
    let fixed = [
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
    ];
    xshell::cmd!(
        shell,
        "tar -C {place} {fixed...} -I 'gzip -n' -cf {archive} {name}"
    )
    .quiet()
    .run()
    .context("packing")?;
    Ok(archive)
}

/// What was packed starts by itself and finds the programs beside it.
fn starts(stage: &Path) -> Result<()> {
    let shell = xshell::Shell::new()?;
    let certify = stage.join("certify");
    let text = xshell::cmd!(shell, "{certify} doctor --json")
        .env_remove("CERTIFY_LIBEXEC")
        .ignore_status()
        .quiet()
        .read()
        .context("starting what was packed")?;
    let findings: Vec<serde_json::Value> = serde_json::from_str(&text)?;
    let programs = findings.iter().find(|f| f["what"] == "probe and launch");
    ensure!(
        programs.is_some_and(|found| found["state"] == "fine"),
        "the packed certify does not find its programs: {text}"
    );
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
