//! CycloneDX 1.6 as JSON.
//!
//! Each package is a component with its package URL, digest, licences, the places of its files
//! (`evidence.occurrences`) and its slices as properties; files of no package are components too.

use serde_json::{Value, json};

use super::bill::{Bill, BillPackage, Identity, Licensing};
use super::expression::identifier;
use super::{Document, Leaf, spdx};

pub(super) const DOCUMENT: Document = Document {
    name: "cyclonedx",
    media_type: "application/vnd.cyclonedx+json; version=1.6",
    path: "cyclonedx.json",
    says: "CycloneDX 1.6 bill of materials: packages with licences, places and dependencies",
    render,
};

fn render(bill: &Bill) -> Vec<Leaf> {
    let mut components: Vec<Value> = bill
        .packages
        .iter()
        .map(|package| component(bill, package))
        .collect();
    components.extend(bill.contents(None).map(|(file, content)| {
        json!({
            "type": "file",
            "bom-ref": format!("file:{}", file.path),
            "name": file.path,
            "hashes": [{"alg": "SHA-256", "content": content.digest.hex()}],
            "properties": properties(&[("certify:origin", vec![file.origin.to_owned()]),
                                       ("certify:slice", file.slices.clone())]),
        })
    }));
    let (tool, tool_version) = &bill.tool;
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", bill.uuid()),
        "version": 1,
        "metadata": {
            "timestamp": bill.created(),
            "tools": {"components": [
                {"type": "application", "name": tool, "version": tool_version},
            ]},
            "component": subject(bill),
            "properties": properties(&[
                ("certify:distribution", vec![bill.distribution.name()]),
                ("certify:architecture", vec![bill.subject.arch.debian().to_owned()]),
            ]),
        },
        "components": components,
        "dependencies": dependencies(bill),
    });
    super::json(DOCUMENT.path, &document)
}

fn subject(bill: &Bill) -> Value {
    let (kind, digest) = match bill.subject.identity {
        Identity::Image(digest) => ("container", digest),
        Identity::Tree(digest) => ("operating-system", digest),
    };
    json!({
        "type": kind,
        "bom-ref": bill.subject_purl(),
        "name": bill.subject.name,
        "version": digest,
        "purl": bill.subject_purl(),
    })
}

fn component(bill: &Bill, package: &BillPackage) -> Value {
    let record = &package.record;
    let places: Vec<Value> = bill
        .files
        .iter()
        .filter(|file| file.package.as_ref() == Some(&record.name))
        .filter(|file| file.kind != "directory")
        .map(|file| json!({"location": file.path}))
        .collect();
    let mut component = json!({
        "type": "library",
        "bom-ref": bill.purl(package),
        "name": record.name,
        "version": record.version,
        "purl": bill.purl(package),
        "hashes": [{"alg": "SHA-256", "content": record.digest.hex()}],
        "properties": properties(&[
            ("certify:archive", vec![record.archive.clone()]),
            ("certify:files", vec![package.share()]),
            ("certify:partial", vec![package.is_partial().to_string()]),
            ("certify:slice", package.slices.clone()),
            ("certify:suite", vec![record.suite.clone()]),
            ("certify:source", vec![bill.source_purl(package)]),
        ]),
    });
    let licences = licences(package);
    if !licences.is_empty() {
        component["licenses"] = json!(licences);
    }
    if !places.is_empty() {
        component["evidence"] = json!({"occurrences": places});
    }
    if let Some(maintainer) = &package.maintainer {
        component["publisher"] = json!(maintainer);
    }
    if let Some(homepage) = package
        .homepage
        .as_ref()
        .filter(|text| spdx::is_address(text))
    {
        component["externalReferences"] = json!([{"type": "website", "url": homepage}]);
    }
    component
}

/// Each `License` line as it is written; by its identifier where it is one licence of the list.
fn licences(package: &BillPackage) -> Vec<Value> {
    let file = match &package.licensing {
        Licensing::Missing(_) => return Vec::new(),
        Licensing::Known(file) => file,
    };
    if file.named.is_empty() {
        let name = format!(
            "see the copyright file of {}, {}",
            file.package, file.digest
        );
        return vec![json!({"license": {"name": name}})];
    }
    let mut licences: Vec<Value> = Vec::new();
    for named in &file.named {
        let licence = match identifier(&named.name) {
            Some(id) if !id.contains(' ') => json!({"license": {"id": id}}),
            _ => json!({"license": {"name": named.name}}),
        };
        if !licences.contains(&licence) {
            licences.push(licence);
        }
    }
    licences
}

/// What needs what: the image its packages, a package those of its `Depends` that are there.
fn dependencies(bill: &Bill) -> Vec<Value> {
    let purl_of = |name: &String| {
        let package = bill
            .packages
            .iter()
            .find(|package| package.record.name == *name);
        package.map(|package| bill.purl(package))
    };
    let all: Vec<String> = bill
        .packages
        .iter()
        .map(|package| bill.purl(package))
        .collect();
    let mut rows = vec![json!({"ref": bill.subject_purl(), "dependsOn": all})];
    rows.extend(bill.packages.iter().map(|package| {
        let needed: Vec<String> = package.depends.iter().filter_map(purl_of).collect();
        json!({"ref": bill.purl(package), "dependsOn": needed})
    }));
    rows
}

/// Names and values; a name with several values stands once for each.
fn properties(pairs: &[(&str, Vec<String>)]) -> Vec<Value> {
    pairs
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| json!({"name": name, "value": value}))
        })
        .collect()
}
