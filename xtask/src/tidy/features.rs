//! The graph of `-p certify -p launch` and of the whole workspace with its tests must resolve shared
//! crates alike, else every switch between the two builds them again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::cargo;

type Features = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check() -> Result<Vec<String>> {
    let one = features(&["-e", "normal,build", "-p", "certify", "-p", "launch"])?;
    let all = features(&["-e", "normal,build,dev", "--workspace"])?;
    let mut findings = Vec::new();
    for (package, wanted) in &one {
        let Some(have) = all.get(package) else {
            continue;
        };
        let extra: Vec<&String> = have.difference(wanted).collect();
        if !extra.is_empty() {
            findings.push(format!("{package}: the workspace adds {extra:?}"));
        }
    }
    Ok(findings)
}

/// Package to its features.
fn features(selection: &[&str]) -> Result<Features> {
    let mut arguments = vec!["tree", "--prefix", "none", "-f", "{p}|{f}"];
    arguments.extend(selection);
    let text = cargo::output("cargo tree", cargo::command(&arguments))?;
    let mut features = Features::new();
    for line in text.lines() {
        let Some((package, list)) = line.split_once('|') else {
            continue;
        };
        let package = package.trim_end_matches(" (*)").to_owned();
        let list = list.trim_end_matches(" (*)");
        let words = list
            .split(',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned);
        features.entry(package).or_default().extend(words);
    }
    Ok(features)
}
