//! Licences: what each package's copyright file names, and all copyright files in one text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::bill::{Bill, BillPackage, CopyrightFile, Licensing};
use super::expression::{Extractions, expression};
use super::{Document, Leaf};

pub(super) const DOCUMENT: Document = Document {
    name: "licences",
    media_type: "application/json",
    path: "licences.json",
    says: "licences by package: names of machine-readable copyright files, digests of others",
    render,
};

pub(super) const TEXTS: Document = Document {
    name: "copyrights",
    media_type: "text/plain; charset=utf-8",
    path: "licences.txt",
    says: "the copyright files of all packages in one text",
    render: texts,
};

/// Name and version of this shape.
const SCHEMA: &str = "certify.licences/v1";

fn render(bill: &Bill) -> Vec<Leaf> {
    let packages: Vec<Value> = bill.packages.iter().map(package).collect();
    let document = json!({
        "schema": SCHEMA,
        "image": bill.subject.name,
        "arch": bill.subject.arch,
        "packages": packages,
    });
    super::json(DOCUMENT.path, &document)
}

fn package(package: &BillPackage) -> Value {
    let (name, version) = (&package.record.name, &package.record.version);
    let file = match &package.licensing {
        Licensing::Missing(why) => {
            return json!({"name": name, "version": version, "state": "missing", "why": why});
        }
        Licensing::Known(file) => file,
    };
    let state = if file.named.is_empty() {
        "unstructured"
    } else {
        "structured"
    };
    let licences: Vec<Value> = file
        .named
        .iter()
        .map(|named| {
            let mut unlisted = Extractions::new();
            let spdx = expression(named, "", &mut unlisted);
            json!({"name": named.name, "spdx": unlisted.is_empty().then_some(spdx)})
        })
        .collect();
    json!({
        "name": name,
        "version": version,
        "state": state,
        "copyright_of": file.package,
        "digest": file.digest,
        "in_image": file.is_there,
        "licences": licences,
    })
}

/// Each copyright file once, with the packages that it is of.
fn texts(bill: &Bill) -> Vec<Leaf> {
    let mut files: BTreeMap<&str, (&CopyrightFile, BTreeSet<&str>)> = BTreeMap::new();
    let mut missing = String::new();
    for package in &bill.packages {
        let name = package.record.name.as_str();
        match &package.licensing {
            Licensing::Known(file) => {
                let known = files
                    .entry(&file.package)
                    .or_insert((file, BTreeSet::new()));
                known.1.insert(name);
            }
            Licensing::Missing(why) => missing.push_str(&format!("{name}: {why}\n")),
        }
    }
    let mut text = format!("Licences of the packages in {}\n", bill.subject.name);
    if !missing.is_empty() {
        text.push_str(&format!("\nWithout a copyright file:\n{missing}"));
    }
    for (file, packages) in files.values() {
        let packages: Vec<&str> = packages.iter().copied().collect();
        text.push_str(&format!(
            "\n{}\n{} ({})\n\n{}\n",
            "=".repeat(80),
            packages.join(", "),
            file.digest,
            file.text.trim_end()
        ));
    }
    vec![Leaf {
        path: TEXTS.path.to_owned(),
        text,
    }]
}
