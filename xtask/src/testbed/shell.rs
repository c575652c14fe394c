//! Calling programs: what was attempted, and what they said when they failed.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A call of `program`.
#[allow(clippy::disallowed_methods, reason = "the testbed's command module")]
pub(super) fn call<S: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs it; its standard output. A failure carries the end of what it said.
pub(super) fn output(what: &str, mut command: Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{what}: {:?} could not be started", command.get_program()))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).with_context(|| format!("{what}: not text"));
    }
    let said = [output.stdout, output.stderr].concat();
    bail!(
        "{what}: {}\n{}",
        output.status,
        tail(&String::from_utf8_lossy(&said))
    )
}

/// Runs it for what it does.
pub(super) fn run(what: &str, command: Command) -> Result<()> {
    output(what, command).map(drop)
}

/// Runs it with `input` on its standard input.
pub(super) fn feed(what: &str, mut command: Command, input: &[u8]) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: {:?} could not be started", command.get_program()))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let written = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().with_context(|| what.to_owned())?;
    if output.status.success() {
        written.with_context(|| what.to_owned())?;
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    bail!(
        "{what}: {}\n{}",
        output.status,
        tail(&String::from_utf8_lossy(&output.stderr))
    )
}

/// Runs `from` into `to`, as a shell's pipe does; the last one's standard output.
pub(super) fn pipe(what: &str, mut from: Command, mut to: Command) -> Result<String> {
    let mut first = from
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: {:?} could not be started", from.get_program()))?;
    let stdout = first.stdout.take().context("no standard output")?;
    let last = to.stdin(stdout).output();
    let status = first.wait().with_context(|| what.to_owned())?;
    let last = last.with_context(|| format!("{what}: {:?}", to.get_program()))?;
    if !status.success() || !last.status.success() {
        let said = String::from_utf8_lossy(&last.stderr).into_owned();
        bail!("{what}: {status}, then {}\n{}", last.status, tail(&said));
    }
    Ok(String::from_utf8_lossy(&last.stdout).trim().to_owned())
}

/// Tries `attempt` until it holds.
#[allow(
    clippy::disallowed_methods,
    reason = "this program has no engine whose clock it could use"
)]
pub(super) fn until(
    what: &str,
    within: Duration,
    mut attempt: impl FnMut() -> Result<()>,
) -> Result<()> {
    let started = Instant::now();
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed() >= within => {
                let within = within.as_secs();
                return Err(error.context(format!("{what}: not within {within} s")));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Whether a program of that name can be called.
pub(super) fn there_is(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Puts a file or link target into place, with the folders on the way.
pub(super) fn install(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::copy(from, to).map(drop)?;
    Ok(())
}

/// The last lines.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
