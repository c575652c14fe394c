//! Every image that ships beside the default ones, certified by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Figures, Row, certify};
use crate::cargo;

pub(super) const ROW: Row = Row {
    name: "variants",
    holds: "each image of images/variants is certified on oci, or honestly undecided with no failed \
            check but those that its spec says it fails; python-slim's compressed layers are at \
            most 37 % of its baseline's",
    measure,
};

/// The most that an image's compressed layers may be of its baseline's.
const LARGEST: [(&str, f64); 1] = [("python-slim", 0.37)];

fn measure() -> Result<Figures> {
    let specs = specs(&cargo::root().join("images/variants"))?;
    let (mut figures, mut wrong) = (serde_json::Map::new(), Vec::new());
    for (name, spec) in &specs {
        let spec = spec.display().to_string();
        let ended = certify::run(&["--image", &spec, "--platform", "oci"])?;
        cargo::say(&format!("          {name}: {}", ended.last));
        let told = Told::of(name, ended.code, &ended.report);
        wrong.extend(told.wrong(name, largest(name)));
        figures.insert(name.clone(), told.figures(&ended.last));
    }
    let lacking = LARGEST
        .iter()
        .filter(|(name, _)| !specs.contains_key(*name));
    wrong.extend(lacking.map(|(name, _)| format!("{name}: there is no such spec")));
    Ok(Figures {
        holds: wrong.is_empty(),
        said: match wrong.is_empty() {
            true => format!("{} images", specs.len()),
            false => wrong.join("; "),
        },
        values: Value::Object(figures),
    })
}

/// Each spec of a folder by its image's name.
fn specs(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut specs = BTreeMap::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let name = path.file_stem().context("a name")?.to_string_lossy();
            specs.insert(name.into_owned(), path);
        }
    }
    ensure!(!specs.is_empty(), "{} holds no spec", folder.display());
    Ok(specs)
}

fn largest(name: &str) -> Option<f64> {
    let mut known = LARGEST.iter();
    known
        .find(|(other, _)| *other == name)
        .map(|(_, most)| *most)
}

/// What one run says of its image.
struct Told {
    code: i32,
    level: Option<String>,
    /// Compressed layers, as a share of the baseline's.
    size: Option<f64>,
    /// Ids of checks that failed.
    failed: BTreeSet<String>,
    /// Checks that the spec says it fails, and why.
    stated: BTreeMap<String, String>,
    /// Ids of checks that were not decided.
    undecided: BTreeSet<String>,
    /// Whether the run came to its end, saw each control fail and left nothing behind.
    whole: bool,
}

impl Told {
    fn of(name: &str, code: i32, report: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let subject = &report["subjects"][0];
        let cells = list(&report["cells"]);
        let subjects = cells.iter().filter(|cell| cell["role"] == "subject");
        let checks: Vec<Value> = subjects.flat_map(|cell| list(&cell["checks"])).collect();
        let ids = |wanted: fn(&str) -> bool| {
            let outcome = |check: &&Value| check["outcome"].as_str().is_none_or(wanted);
            let id = |check: &Value| check["id"].as_str().unwrap_or_default().to_owned();
            checks.iter().filter(outcome).map(id).collect()
        };
        let size = list(&report["measurements"]).into_iter().find(|row| {
            row["image"] == name
                && row["metric"] == "size.compressed"
                && row["arm_a"] == "candidate"
        });
        let controls = list(&report["controls"]);
        let stated = subject["falls_short"].as_object().cloned();
        Self {
            code,
            level: subject["levels"][0]["level"].as_str().map(str::to_owned),
            size: size.and_then(|row| row["ratio"]["value"].as_f64()),
            failed: ids(|outcome| outcome == "fail"),
            stated: stated
                .into_iter()
                .flatten()
                .map(|(id, why)| (id, why.as_str().unwrap_or_default().to_owned()))
                .collect(),
            undecided: ids(|outcome| !matches!(outcome, "pass" | "not-applicable" | "fail")),
            whole: report["complete"] == true
                && report["exit_code"] == code
                && !checks.is_empty()
                && !controls.is_empty()
                && controls.iter().all(|control| control["refused"] == true)
                && report["cleanup"]["left"] == json!([]),
        }
    }

    /// What does not hold.
    fn wrong(&self, name: &str, largest: Option<f64>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut say = |text: String| wrong.push(format!("{name}: {text}"));
        let codes: &[i32] = if self.stated.is_empty() {
            &[0, 3]
        } else {
            &[1]
        };
        if !codes.contains(&self.code) {
            say(format!("exit {}", self.code));
        }
        if !self.whole {
            say("no whole run stands behind it".to_owned());
        }
        let stated: BTreeSet<String> = self.stated.keys().cloned().collect();
        for id in self.failed.difference(&stated) {
            say(format!("{id} failed"));
        }
        for id in stated.difference(&self.failed) {
            say(format!("its spec says that {id} fails, and it did not"));
        }
        match (largest, self.size) {
            (Some(most), Some(size)) if size > most => say(format!(
                "{:.1} % of its baseline, more than {:.0} %",
                size * 100.0,
                most * 100.0
            )),
            (Some(_), None) => say("its size was compared with nothing".to_owned()),
            _ => {}
        }
        wrong
    }

    fn figures(&self, last: &str) -> Value {
        json!({
            "exit_code": self.code,
            "level": self.level,
            "compressed_to_baseline": self.size,
            "failed": self.failed,
            "stated_by_spec": self.stated,
            "undecided": self.undecided,
            "said": last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(code: i32, outcome: &str, size: f64) -> Value {
        json!({
            "complete": true,
            "exit_code": code,
            "subjects": [{"levels": [{"level": "L2"}]}],
            "controls": [{"refused": true}],
            "cells": [
                {"role": "subject", "checks": [
                    {"id": "IMM-001", "outcome": outcome},
                    {"id": "IMM-002", "outcome": "pass"},
                    {"id": "IMM-004", "outcome": "not-applicable"}]},
                {"role": "control", "checks": [{"id": "IMM-005", "outcome": "fail"}]}],
            "measurements": [
                {"image": "web", "metric": "size.compressed", "arm_a": "candidate",
                    "ratio": {"value": size}},
                {"image": "other", "metric": "size.compressed", "arm_a": "candidate",
                    "ratio": {"value": 1.0}}],
            "cleanup": {"left": []},
        })
    }

    fn wrong(code: i32, report: &Value) -> Vec<String> {
        Told::of("web", code, report).wrong("web", Some(0.37))
    }

    #[test]
    fn what_passed_or_is_honestly_undecided_holds() {
        assert_eq!(wrong(0, &report(0, "pass", 0.37)), [""; 0]);
        assert_eq!(wrong(3, &report(3, "inconclusive", 0.2)), [""; 0]);
    }

    #[test]
    fn a_failure_an_image_that_is_too_large_and_a_run_that_is_not_whole_are_named() {
        let failed = wrong(1, &report(1, "fail", 0.371));
        let size = "web: 37.1 % of its baseline, more than 37 %";
        assert_eq!(failed, ["web: exit 1", "web: IMM-001 failed", size]);
        for code in [2, 4, 5, 6, 8, -1] {
            assert_ne!(wrong(code, &report(code, "pass", 0.3)), [""; 0], "{code}");
        }
        let whole = "web: no whole run stands behind it";
        assert_eq!(wrong(0, &report(3, "pass", 0.3)), [whole]);
        for key in ["controls", "cells", "complete", "cleanup"] {
            let mut cut = report(0, "pass", 0.3);
            cut[key] = Value::Null;
            assert_eq!(wrong(0, &cut), [whole], "{key}");
        }
        let mut silent = report(0, "pass", 0.3);
        silent["measurements"] = Value::Null;
        assert_eq!(
            wrong(0, &silent),
            ["web: its size was compared with nothing"]
        );
    }

    #[test]
    fn what_a_spec_says_against_its_image_must_be_so_and_excuses_nothing_else() {
        let stating = |id: &str, outcome: &str| {
            let mut report = report(1, outcome, 0.3);
            report["subjects"][0]["falls_short"] = json!({id: "by nature"});
            report
        };
        assert_eq!(wrong(1, &stating("IMM-001", "fail")), [""; 0]);
        let stale = "web: its spec says that IMM-001 fails, and it did not";
        assert_eq!(wrong(1, &stating("IMM-001", "pass")), [stale]);
        let other = wrong(1, &stating("IMM-002", "fail"));
        assert!(
            other.contains(&"web: IMM-001 failed".to_owned()),
            "{other:?}"
        );
    }
}
