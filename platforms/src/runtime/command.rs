//! Starting programs: a short, known environment, output captured, errors with what was said.

use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::process::Command;

/// A call of `program` with a cleared environment, in a process group of its own: an interrupt at
/// the terminal goes to the whole group in front, and it is ours to decide what ends when.
#[allow(clippy::disallowed_methods, reason = "this is the command module")]
pub(crate) fn new(program: &Utf8Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .kill_on_drop(true)
        .process_group(0)
        .stdin(Stdio::null());
    command
}

/// Runs a call to its end; its standard output, or what it said when it failed.
pub(crate) async fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .await
        .map_err(|error| format!("could not be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{}: {said}", output.status))
}

/// A program on the usual PATH.
pub(crate) fn which(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .map(|folder| Utf8Path::new(folder).join(name))
        .find(|candidate| candidate.is_file())
}
