//! What others read out of our documents: the scanner syft, and the validators of each format.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Figures, Row};
use crate::{build, cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "scanners",
    holds: "syft finds exactly our packages (name, version, source) in an image with status.d and \
            in both bills of materials; validators of SPDX, CycloneDX and package URLs are content",
    measure,
};

/// The image that is scanned: a shipped one with records inside.
const SPEC: &str = "summary: Python with dpkg's records inside\nlike: python\n\
                    add: {metadata: [status.d]}\nbaseline: none\n";

/// Name, version, source, version of the source.
type Package = [String; 4];

fn measure() -> Result<Figures> {
    let folder = cargo::target().join("nightly-scanners");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let spec = folder.join("scanned.yaml");
    fs_err::write(&spec, SPEC)?;
    let certify = build::folder().join("certify");
    let (spec, out) = (spec.display().to_string(), folder.join("out"));
    let told = out.display().to_string();
    let facts = json_of(&certify, &["build", &spec, "--out", &told, "--json"])?;
    let arch = facts["arch"].as_str().unwrap_or_default();
    let place = out.join("images/scanned/candidate").join(arch);
    let ours = ours(&place)?;
    let documents = place.join("metadata");
    let (python, script) = testbed::validators()?;
    let (script, about) = (
        script.display().to_string(),
        documents.display().to_string(),
    );
    let verdicts = json_of(&python, &[&script, &about])?;
    let mut differences = differences(&ours, &verdicts, &place)?;
    differences.sort();
    fs_err::remove_dir_all(&folder)?;
    Ok(Figures {
        holds: differences.is_empty() && !ours.is_empty(),
        said: match differences.first() {
            None => format!("{} packages, all found", ours.len()),
            Some(first) => format!("{} differences, the first: {first}", differences.len()),
        },
        values: json!({"packages": ours.len(), "differences": differences, "validators": verdicts}),
    })
}

/// What others find that is not so, or do not find.
fn differences(ours: &BTreeSet<Package>, verdicts: &Value, place: &Path) -> Result<Vec<String>> {
    let syft = testbed::syft()?;
    let image = format!("oci-dir:{}", place.display());
    let mut found = Vec::new();
    let scanned = theirs(&json_of(
        &syft,
        &["scan", "--quiet", "--output", "json", &image],
    )?);
    found.extend(unequal("the image", ours, &scanned));
    for name in ["spdx.json", "cyclonedx.json"] {
        let file = place.join("metadata").join(name).display().to_string();
        let read = json_of(&syft, &["convert", "--quiet", &file, "--output", "json"])?;
        let plain = |set: &BTreeSet<Package>| -> BTreeSet<Package> {
            let bare =
                |one: &Package| [one[0].clone(), one[1].clone(), String::new(), String::new()];
            set.iter().map(bare).collect()
        };
        found.extend(unequal(name, &plain(ours), &plain(&theirs(&read))));
    }
    for (format, said) in verdicts.as_object().into_iter().flatten() {
        let said = said.as_array().into_iter().flatten();
        found.extend(said.map(|fault| format!("{format}: {fault}")));
    }
    Ok(found)
}

/// The packages that the cut says it took.
fn ours(place: &Path) -> Result<BTreeSet<Package>> {
    let listing = fs_err::read_to_string(place.join("rootfs.tree"))?;
    let head: Value = serde_json::from_str(listing.lines().next().unwrap_or_default())?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let package =
        |one: &Value| ["name", "version", "source", "source_version"].map(|key| text(one, key));
    let packages = head["packages"]
        .as_array()
        .context("the listing names no packages")?;
    Ok(packages.iter().map(package).collect())
}

/// The packages that syft says it found; it leaves a source out that is called like the package.
fn theirs(document: &Value) -> BTreeSet<Package> {
    let packages = document["artifacts"].as_array().into_iter().flatten();
    packages
        .filter(|one| one["type"] == "deb")
        .map(|one| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let or =
                |text: String, other: &String| if text.is_empty() { other.clone() } else { text };
            let (name, version) = (text(&one["name"]), text(&one["version"]));
            let source = or(text(&one["metadata"]["source"]), &name);
            let source_version = or(text(&one["metadata"]["sourceVersion"]), &version);
            [name, version, source, source_version]
        })
        .collect()
}

fn unequal(what: &str, ours: &BTreeSet<Package>, theirs: &BTreeSet<Package>) -> Vec<String> {
    let say = |one: &Package, word: &str| format!("{what}: {} {word}", one.join(" "));
    let missed = ours.difference(theirs).map(|one| say(one, "is not found"));
    missed
        .chain(theirs.difference(ours).map(|one| say(one, "is not there")))
        .collect()
}

/// The JSON that a program prints.
#[allow(
    clippy::disallowed_methods,
    reason = "starts programs that this project built"
)]
fn json_of(program: &Path, arguments: &[&str]) -> Result<Value> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} {} ended with {}: {}",
        program.display(),
        arguments.join(" "),
        output.status,
        said.trim()
    );
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("reading what {} prints", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_and_what_is_invented_are_told_apart() {
        let document = json!({"artifacts": [
            {"type": "deb", "name": "libc6", "version": "2", "metadata": {"source": "glibc"}},
            {"type": "deb", "name": "tool", "version": "1", "metadata": {}},
            {"type": "python", "name": "pip", "version": "9"},
        ]});
        let theirs = theirs(&document);
        let package = |words: [&str; 4]| words.map(str::to_owned);
        let mut ours = BTreeSet::from([
            package(["libc6", "2", "glibc", "2"]),
            package(["tool", "1", "tool", "1"]),
        ]);
        assert_eq!(unequal("it", &ours, &theirs), Vec::<String>::new());
        ours.pop_last();
        ours.insert(package(["zlib1g", "1", "zlib", "1"]));
        let wanted = [
            "it: zlib1g 1 zlib 1 is not found",
            "it: tool 1 tool 1 is not there",
        ];
        assert_eq!(unequal("it", &ours, &theirs), wanted);
    }
}
