//! `cargo xtask test`: every test of the workspace, and one plain count line at the end.
//!
//! A test that cannot run here prints `skipped (CLASS): REASON` and returns; it is counted as
//! skipped, never as passed. With the class named in `CERTIFY_REQUIRE` the test itself fails.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::{build, cargo, testbed};

#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: Vec<String>,
}

/// Runs all tests whose name contains the filter, if one is given.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    build::all()?;
    build::front()?;
    let mut command = cargo::command(&["test", "--workspace", "--no-fail-fast", "--"]);
    command
        .arg("--show-output")
        .args(arguments)
        .stdout(Stdio::piped());
    // Tests that run containers find probe and launch as certify does.
    command.env("CERTIFY_LIBEXEC", build::libexec_folder());
    if std::env::var_os("DOCKER_HOST").is_none()
        && let Some(address) = testbed::engine_address()
    {
        command.env("DOCKER_HOST", address);
    }
    let mut child = command.spawn().context("could not start cargo test")?;
    let stdout = child.stdout.take().context("no output of cargo test")?;
    let log_path = cargo::target().join("test.log");
    let mut log = fs_err::File::create(&log_path)?;
    let mut counts = Counts::default();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        writeln!(log, "{line}")?;
        counts.read(&line);
    }
    let status = child.wait()?;
    for reason in &counts.skipped {
        cargo::say(reason);
    }
    let skipped = counts.skipped.len() as u64;
    let passed = counts.passed.saturating_sub(skipped);
    print_count(passed, counts.failed, skipped);
    ensure!(
        status.success() && counts.failed == 0,
        "tests failed; the whole output is in {}",
        log_path.display()
    );
    ensure!(passed > 0, "no test ran");
    Ok(())
}

impl Counts {
    fn read(&mut self, line: &str) {
        let line_trimmed = line.trim();
        if line_trimmed.starts_with("skipped (") {
            self.skipped.push(line_trimmed.to_owned());
        } else if let Some(rest) = line_trimmed.strip_prefix("test result: ") {
            self.passed += number_before(rest, " passed");
            self.failed += number_before(rest, " failed");
            let ignored = number_before(rest, " ignored");
            for _ in 0..ignored {
                self.skipped
                    .push("skipped (ignored): marked so in the source".to_owned());
            }
            self.passed += ignored;
        } else if line_trimmed.contains("... FAILED") || line_trimmed.contains("panicked at") {
            cargo::say(line);
        }
    }
}

/// The number that stands before `word`.
fn number_before(text: &str, word: &str) -> u64 {
    text.split(word)
        .next()
        .and_then(|before| before.rsplit(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[allow(clippy::print_stdout, reason = "the count line is this verb's data")]
fn print_count(passed: u64, failed: u64, skipped: u64) {
    println!("{passed} passed, {failed} failed, {skipped} skipped");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_libtest_prints() {
        let mut counts = Counts::default();
        counts.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        counts.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured");
        counts.read("skipped (root): not root");
        assert_eq!(
            (counts.passed, counts.failed, counts.skipped.len()),
            (16, 2, 2)
        );
    }
}
