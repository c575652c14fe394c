//! Becoming certify.

use std::os::unix::process::CommandExt;

use anyhow::Result;

use crate::build;

/// Builds what is needed and replaces this program by `certify VERB ARGUMENTS`.
#[allow(
    clippy::disallowed_methods,
    reason = "exec of our own binary, in the user's own folder"
)]
pub(crate) fn run(verb: &str, arguments: &[String]) -> Result<()> {
    let certify = build::all()?;
    let error = std::process::Command::new(&certify)
        .arg(verb)
        .args(arguments)
        .exec();
    Err(anyhow::anyhow!(
        "could not become {}: {error}",
        certify.display()
    ))
}
