//! Debian packages: those of this machine that the testbed needs, and the node's own system.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::options::Options;
use super::shell::{self, call};
use super::stage::{self, Input};
use crate::cargo;

/// The node's Debian release.
const SUITE: &str = "bookworm";

/// Programs, and the package of each, that building and composing call.
const NEEDED: [(&str, &str); 2] = [("mmdebstrap", "mmdebstrap"), ("gcc", "gcc")];

/// Installs what building and composing need.
pub(super) fn install_missing(options: &Options) -> Result<()> {
    if options.upstream {
        return Ok(());
    }
    let mut missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !shell::there_is(program))
        .map(|(_, package)| *package)
        .collect();
    if !std::path::Path::new("/usr/include/seccomp.h").is_file() {
        missing.push("libseccomp-dev");
    }
    install(&missing)
}

/// Installs packages. Their services are not started: the testbed starts what it needs.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    ensure!(
        shell::there_is("apt-get"),
        "the testbed needs {names}, and this is no Debian: install them by hand"
    );
    cargo::say(&format!(" Testbed  installing {names}"));
    let fail = || format!("installing {names} (root is needed)");
    shell::run("apt-get update", call("apt-get", ["update", "-qq"])).with_context(fail)?;
    let mut command = call(
        "apt-get",
        ["install", "-y", "-qq", "--no-install-recommends"],
    );
    command
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Not every machine lets a package start its service, and none has to.
        .env("RUNLEVEL", "1");
    shell::run("apt-get install", command).with_context(fail)
}

/// The node's system as a tar archive, without documentation.
pub(super) fn archive(options: &Options) -> Result<PathBuf> {
    let list = options.sources().join("node/packages");
    let inputs = [Input::Path(&list), Input::Word(SUITE)];
    let folder = stage::keep(&options.cache(), "rootfs", &inputs, |out| {
        let packages = fs_err::read_to_string(&list)?;
        let packages: Vec<&str> = packages.lines().collect();
        let mut command = call("mmdebstrap", ["--quiet", "--variant=minbase"]);
        command.arg(format!("--include={}", packages.join(",")));
        for path in ["doc", "man", "locale"] {
            command.arg(format!("--dpkgopt=path-exclude=/usr/share/{path}/*"));
        }
        // The archive's own times keep the file the same as long as the packages are.
        command
            .env("SOURCE_DATE_EPOCH", "0")
            .arg(SUITE)
            .arg(out.join("rootfs.tar"));
        shell::run("mmdebstrap of the node's system", command)
    })?;
    Ok(folder.join("rootfs.tar"))
}
