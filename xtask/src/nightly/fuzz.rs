//! What reads bytes and texts of strangers, fed with nonsense.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Figures, Row};
use crate::cargo;

pub(super) const ROW: Row = Row {
    name: "fuzz",
    holds: "no input makes a reader panic, hang or break what it promises, a minute for each target",
    measure,
};

const SECONDS: u32 = 60;
const TOOL: &str = "cargo-fuzz";
const VERSION: &str = "0.13.1";

/// Each target's file below `harness/fuzz/fuzz_targets` and its seeds.
const TARGETS: [&str; 7] = [
    "tar",
    "deb",
    "control",
    "inrelease",
    "index",
    "glob",
    "yaml",
];

fn measure() -> Result<Figures> {
    let fuzz = tool()?;
    let folder = cargo::root().join("harness/fuzz");
    let found = cargo::target().join("fuzz");
    let mut runs = serde_json::Map::new();
    let mut failed = Vec::new();
    for target in TARGETS {
        let seeds = folder.join("seeds").join(target);
        ensure!(seeds.is_dir(), "target {target} has no seeds");
        let corpus = found.join("corpus").join(target);
        fs_err::create_dir_all(&corpus)?;
        let mut call = cargo::rustup();
        call.args(["run", "nightly"])
            .arg(&fuzz)
            .args(["run", "--fuzz-dir"])
            .arg(&folder);
        call.arg("--target-dir")
            .arg(found.join("target"))
            .arg(target)
            .arg(&corpus)
            .arg(&seeds);
        call.args([
            "--",
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-print_final_stats=1",
        ]);
        call.arg(format!("-max_total_time={SECONDS}"));
        call.arg(format!("-artifact_prefix={}/", found.display()));
        call.current_dir(&folder);
        let done = call.output().context("starting rustup")?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let executions = said
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
            .and_then(|text| text.trim().parse::<u64>().ok());
        runs.insert(target.to_owned(), json!({"executions": executions}));
        if !done.status.success() || executions.is_none() {
            let last: Vec<&str> = said.lines().rev().take(12).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            failed.push(format!("{target}: {}", last.join(" / ")));
        }
    }
    Ok(Figures {
        holds: failed.is_empty(),
        said: match failed.is_empty() {
            true => format!("{} targets, {SECONDS} s each", TARGETS.len()),
            false => failed.join("; "),
        },
        values: json!({"seconds": SECONDS, "targets": runs}),
    })
}

/// cargo-fuzz, installed beside the other build products.
fn tool() -> Result<PathBuf> {
    let root = cargo::target().join("tools");
    let path = root.join("bin").join(TOOL);
    if !path.is_file() {
        let mut call =
            cargo::command(&["install", TOOL, "--locked", "--version", VERSION, "--root"]);
        call.arg(&root);
        cargo::run("installing cargo-fuzz", call)?;
    }
    Ok(path)
}
