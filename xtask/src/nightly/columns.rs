//! One image on every kind of platform that this machine can have: one report, a column each.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Figures, Row, certify};
use crate::{cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "columns",
    holds: "one run of an image on oci, docker, podman and kind gives one report with a column for \
            each, every suite in it, and the fingerprint of each",
    measure,
};

const PLATFORMS: [&str; 4] = ["oci", "docker", "podman", "kind"];
/// What every fingerprint tells, and what only a cluster's does.
const EVERYWHERE: [&str; 4] = ["cgroup.mode", "kernel.release", "lsm", "runtime.version"];
const OF_CLUSTERS: [&str; 4] = [
    "cni",
    "containerd.version",
    "snapshotter",
    "kubelet.cgroupDriver",
];

fn measure() -> Result<Figures> {
    testbed::run(&["up".to_owned()])?;
    testbed::run(&["podman".to_owned(), "up".to_owned()])?;
    let mut arguments = vec!["--image", "valkey", "--profile", "smoke"];
    for name in PLATFORMS {
        arguments.extend(["--platform", name]);
    }
    let ended = certify::run(&arguments)?;
    cargo::say(&format!("          {}", ended.last));
    let missing = missing(&ended.report);
    let (wall, _) = ended.time();
    Ok(Figures {
        holds: ended.code == 0 && ended.is_backed() && missing.is_empty(),
        said: format!("exit {} in {wall:.0} s; missing: {missing:?}", ended.code),
        values: json!({
            "exit_code": ended.code,
            "wall_s": wall,
            "levels": ended.levels(),
            "ratios": ended.ratios(),
            "fingerprints": ended.report["platforms"],
            "missing": missing,
        }),
    })
}

/// Columns, suites in them and parts of fingerprints that the report lacks.
fn missing(report: &Value) -> Vec<String> {
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    let (platforms, cells) = (list("platforms"), list("cells"));
    let mut missing = Vec::new();
    for name in PLATFORMS {
        let Some(found) = platforms.iter().find(|one| one["platform"] == name) else {
            missing.push(name.to_owned());
            continue;
        };
        let clusters = (name == "kind").then_some(OF_CLUSTERS);
        for key in EVERYWHERE.into_iter().chain(clusters.into_iter().flatten()) {
            if found["facts"][key].as_str().is_none_or(str::is_empty) {
                missing.push(format!("{name}: {key}"));
            }
        }
        for suite in ["immutability", "startup", "density"] {
            let is_it = |cell: &&Value| {
                cell["id"].as_str().is_some_and(|id| {
                    id.starts_with(&format!("valkey/{name}/")) && id.ends_with(suite)
                })
            };
            if cells.iter().find(is_it).is_none() {
                missing.push(format!("{name}: {suite}"));
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_a_report_is_missing() {
        let report = json!({
            "platforms": [{"platform": "oci", "facts": {"cgroup.mode": "v2", "kernel.release": "6",
                "lsm": "none", "runtime.version": ""}}],
            "cells": [{"id": "valkey/oci/amd64/startup"}, {"id": "valkey/oci/amd64/density"}],
        });
        let missing = missing(&report);
        let wanted = [
            "oci: runtime.version",
            "oci: immutability",
            "docker",
            "podman",
            "kind",
        ];
        assert_eq!(missing, wanted);
    }
}
