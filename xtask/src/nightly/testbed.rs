//! The test bed on a machine that has nothing of it, and again on one that has all.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::{Figures, Row};
use crate::{cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "testbed",
    holds: "with nothing but Rust, Go and Debian packages the test bed is up in at most 18 minutes, \
            and the second time in at most 40 s, the engine's start included",
    measure,
};

const FIRST_S: f64 = 1080.0;
const AGAIN_S: f64 = 40.0;

/// Brings it up in a cache of its own, with Go's caches in it too; takes all of it away again.
fn measure() -> Result<Figures> {
    testbed::run(&["down", "--all"].map(str::to_owned))?;
    let folder = cargo::target().join("cold-testbed");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let measured = twice(&folder);
    let down = call(&folder, &["down", "--all"]);
    // Go keeps modules in folders that nobody may write.
    let mut clean = program("go", &folder);
    clean.args(["clean", "-modcache"]);
    cargo::run("go clean", clean)?;
    fs_err::remove_dir_all(&folder)?;
    let (first, again) = measured?;
    down?;
    Ok(Figures {
        holds: first <= FIRST_S && again <= AGAIN_S,
        said: format!("{first:.0} s, and again {again:.0} s"),
        values: json!({"first_s": first, "again_s": again}),
    })
}

fn twice(folder: &Path) -> Result<(f64, f64)> {
    let first = call(folder, &["up"])?;
    call(folder, &["down", "--all"])?;
    let again = call(folder, &["up"])?;
    Ok((first, again))
}

/// Seconds of `cargo xtask testbed WORDS` with every cache in `folder`.
#[allow(clippy::disallowed_methods, reason = "times our own program")]
fn call(folder: &Path, words: &[&str]) -> Result<f64> {
    let started = Instant::now();
    let mut own = program(std::env::current_exe()?, folder);
    own.arg("testbed").args(words);
    cargo::run(&format!("testbed {}", words.join(" ")), own)?;
    Ok(started.elapsed().as_secs_f64())
}

/// A program that keeps everything in `folder`.
#[allow(clippy::disallowed_methods, reason = "starts our own program, and Go")]
fn program(name: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command
        .env("XDG_CACHE_HOME", folder)
        .env("GOCACHE", folder.join("go-build"))
        .env("GOMODCACHE", folder.join("go-modules"));
    command
}
