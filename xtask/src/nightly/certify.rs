//! Runs of the built program, as a user starts it.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{build, cargo};

/// How one run ended.
pub(super) struct Ended {
    /// Exit code; -1 when a signal ended it.
    pub(super) code: i32,
    /// Its report, if there is one.
    pub(super) report: Value,
    /// The last line it said.
    pub(super) last: String,
}

/// Runs `certify run ARGUMENTS` in a folder of its own, which is removed unless the run failed in
/// a way the caller wants to look at.
#[allow(clippy::disallowed_methods, reason = "starts our own binary")]
pub(super) fn run(arguments: &[&str]) -> Result<Ended> {
    let folder = fresh_folder()?;
    let output = std::process::Command::new(build::folder().join("certify"))
        .arg("run")
        .args(arguments)
        .arg("--out")
        .arg(folder.join("run"))
        .stdin(Stdio::null())
        .output()
        .context("starting certify")?;
    let report = fs_err::read_to_string(folder.join("run/report.json"))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null);
    fs_err::remove_dir_all(&folder)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Ended {
        code: output.status.code().unwrap_or(-1),
        report,
        last: said.lines().last().unwrap_or_default().to_owned(),
    })
}

impl Ended {
    /// Whether an exit 0 is backed by its report: complete, every control refused, nothing left,
    /// and no check that says anything but pass or not-applicable.
    pub(super) fn is_backed(&self) -> bool {
        let list = |key: &str| self.report[key].as_array().cloned().unwrap_or_default();
        let controls = list("controls");
        let of_subjects: Vec<Value> = list("cells")
            .into_iter()
            .filter(|cell| cell["role"] == "subject")
            .flat_map(|cell| cell["checks"].as_array().cloned().unwrap_or_default())
            .collect();
        self.report["complete"] == true
            && self.report["exit_code"] == 0
            && !controls.is_empty()
            && controls.iter().all(|control| control["refused"] == true)
            && !of_subjects.is_empty()
            && of_subjects
                .iter()
                .all(|check| check["outcome"] == "pass" || check["outcome"] == "not-applicable")
            && self.report["cleanup"]["left"] == Value::Array(Vec::new())
    }

    /// The level that each subject reached, empty for none.
    pub(super) fn levels(&self) -> Vec<String> {
        let subjects = self.report["subjects"].as_array().into_iter().flatten();
        let levels =
            subjects.flat_map(|subject| subject["levels"].as_array().into_iter().flatten());
        levels
            .map(|level| level["level"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The ratio of candidate to baseline of every comparison, by image and metric.
    pub(super) fn ratios(&self) -> Vec<(String, f64)> {
        let rows = self.report["measurements"].as_array().into_iter().flatten();
        rows.filter(|row| row["arm_a"] == "candidate")
            .filter_map(|row| {
                let (image, metric) = (row["image"].as_str()?, row["metric"].as_str()?);
                Some((format!("{image} {metric}"), row["ratio"]["value"].as_f64()?))
            })
            .collect()
    }

    /// Wall seconds, and the share of them outside trials and their settling.
    pub(super) fn time(&self) -> (f64, f64) {
        let ms = |key: &str| self.report["run"][key].as_f64().unwrap_or(f64::NAN);
        (
            ms("duration_ms") / 1000.0,
            ms("overhead_ms") / ms("duration_ms"),
        )
    }
}

fn fresh_folder() -> Result<PathBuf> {
    let folder = cargo::target().join(format!("nightly-{}", std::process::id()));
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    Ok(folder)
}
