//! One image on every OCI runtime: bare ones, and those that the test bed's nodes have as classes.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Figures, Row, certify};
use crate::{cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "runtimes",
    holds: "an image is immutable on the embedded runtime, runc and crun, bare and in a cluster, and on \
            youki in a cluster: a cell each, and each fingerprint names its runtime",
    measure,
};

/// Platforms, and a word of the runtime's version that its fingerprint carries.
const CELLS: [(&str, &str); 6] = [
    ("oci", "launch"),
    ("oci-runc", "runc"),
    ("oci-crun", "crun"),
    ("kind", "runc"),
    ("kind-crun", "crun"),
    ("kind-youki", "youki"),
];

const CONFIGURATION: &str = "\
platforms: [oci, oci-runc, oci-crun, kind, kind-crun, kind-youki]
clusters:
  kind-crun: {like: kind, runtime_class: crun}
  kind-youki: {like: kind, runtime_class: youki}
";

fn measure() -> Result<Figures> {
    let up = ["up", "--runtimes", "crun,youki"];
    testbed::run(&up.map(str::to_owned))?;
    let folder = cargo::target().join("nightly-runtimes");
    fs_err::create_dir_all(&folder)?;
    fs_err::write(folder.join("certify.yaml"), CONFIGURATION)?;
    let config = folder.display().to_string();
    let words = [
        "--config",
        &config,
        "--image",
        "valkey",
        "--suite",
        "immutability",
    ];
    let ended = certify::run(&words);
    fs_err::remove_dir_all(&folder)?;
    let ended = ended?;
    cargo::say(&format!("          {}", ended.last));
    let (astray, cells) = cells(&ended.report);
    Ok(Figures {
        holds: ended.code == 0 && ended.is_backed() && astray.is_empty(),
        said: format!("exit {}; astray: {astray:?}", ended.code),
        values: json!({"exit_code": ended.code, "cells": cells, "levels": ended.levels()}),
    })
}

/// The cells that are not as they should be, and what each platform said its runtime is.
fn cells(report: &Value) -> (Vec<String>, Value) {
    let platforms = report["platforms"].as_array().cloned().unwrap_or_default();
    let (mut astray, mut said) = (Vec::new(), serde_json::Map::new());
    for (name, word) in CELLS {
        let found = platforms.iter().find(|one| one["platform"] == name);
        let version = found.map_or(&Value::Null, |one| &one["facts"]["runtime.version"]);
        if !version.as_str().is_some_and(|text| text.contains(word)) {
            astray.push(format!("{name}: {version}"));
        }
        said.insert(name.to_owned(), version.clone());
    }
    (astray, Value::Object(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_is_not_what_its_name_says_is_astray() {
        let report = json!({"platforms": [
            {"platform": "oci", "facts": {"runtime.version": "launch version 1"}},
            {"platform": "oci-crun", "facts": {"runtime.version": "runc version 1"}},
        ]});
        let (astray, _) = cells(&report);
        assert_eq!(astray.len(), CELLS.len() - 1, "{astray:?}");
        assert!(astray.iter().any(|one| one.contains("runc version 1")));
    }
}
