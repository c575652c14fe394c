//! Who may name whom: the crate graph of ARCHITECTURE.md, as data.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::cargo;

/// Crate, and the crates of ours it may depend on. `model` may be named by every one.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("stats", &[]),
    ("rootfs", &[]),
    ("deb", &[]),
    ("script", &[]),
    ("chisel", &["deb", "rootfs", "script"]),
    ("advise", &["chisel", "deb", "rootfs"]),
    ("image", &["rootfs"]),
    ("registry", &["image"]),
    ("engine", &["stats"]),
    ("probe", &[]),
    ("launch", &[]),
    ("features", &[]),
    (
        "platforms",
        &["engine", "image", "probe", "registry", "rootfs"],
    ),
    ("suites", &["engine", "image", "rootfs", "stats", "probe"]),
    ("reports", &["stats"]),
    ("testkit", &[]),
    (
        "certify",
        &[
            "advise",
            "chisel",
            "deb",
            "engine",
            "features",
            "image",
            "platforms",
            "registry",
            "reports",
            "rootfs",
            "stats",
            "suites",
        ],
    ),
    ("xtask", &[]),
];

pub(super) fn check() -> Result<Vec<String>> {
    let arguments = [
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ];
    let text = cargo::output("cargo metadata", cargo::command(&arguments))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(may) = allowed.get(name) else {
            findings.push(format!("crate {name} has no place in the graph"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            let dev = dependency["kind"].as_str() == Some("dev");
            if !allowed.contains_key(other) || other == "model" && name != "xtask" {
                continue;
            }
            // Tests may stand on any room below the binary.
            let fine = may.contains(&other) || (dev && other != "certify");
            if !fine {
                findings.push(format!("{name} may not name {other}"));
            }
        }
    }
    Ok(findings)
}
