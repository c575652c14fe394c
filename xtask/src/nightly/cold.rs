//! The first build on a machine that has none of it.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::{Figures, Row};
use crate::cargo;

pub(super) const ROW: Row = Row {
    name: "cold",
    holds: "the first build of certify and launch takes at most 8 minutes on 2 processors",
    measure,
};

const MOST_S: f64 = 480.0;

/// Builds into a folder of its own, which is removed afterwards. Crates are already downloaded.
#[allow(clippy::disallowed_methods, reason = "times one build")]
fn measure() -> Result<Figures> {
    let folder = cargo::target().join("cold");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    let started = Instant::now();
    let mut build = cargo::command(&["build", "--quiet", "-p", "certify", "-p", "launch"]);
    build.env("CARGO_TARGET_DIR", &folder);
    let built = cargo::run("building from nothing", build);
    let seconds = started.elapsed().as_secs_f64();
    fs_err::remove_dir_all(&folder)?;
    built?;
    Ok(Figures {
        holds: seconds <= MOST_S,
        said: format!("{seconds:.0} s"),
        values: json!({"seconds": seconds}),
    })
}
