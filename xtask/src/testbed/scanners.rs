//! Programs of others that read what is said of an image: a scanner, and validators of formats.

use std::path::PathBuf;

use anyhow::Result;

use super::options::Options;
use super::programs;
use super::shell::{self, call};
use super::stage::{self, Input};

/// The scanner syft, built from its Go module.
pub(crate) fn syft() -> Result<PathBuf> {
    programs::syft(&Options::read(&[])?)
}

/// A Python with the validators of SPDX, CycloneDX and package URLs, and the script that asks them.
pub(crate) fn validators() -> Result<(PathBuf, PathBuf)> {
    let options = Options::read(&[])?;
    let source = options.sources().join("tools/documents");
    let wanted = source.join("requirements.txt");
    let version = shell::output(
        "asking for Python's version",
        call("python3", ["--version"]),
    )?;
    let inputs = [Input::Path(&wanted), Input::Word(&version)];
    let folder = stage::keep(&options.cache(), "validators", &inputs, |out| {
        let mut make = call("python3", ["-m", "venv"]);
        make.arg(out);
        shell::run("python3 -m venv (apt-get install python3-venv)", make)?;
        let python = out.join("bin/python").display().to_string();
        let mut install = call(&python, ["-m", "pip", "install", "--quiet", "-r"]);
        install.arg(&wanted);
        shell::run("pip install of the validators", install)
    })?;
    Ok((folder.join("bin/python"), source.join("validate.py")))
}
