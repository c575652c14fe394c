//! The map of files: for every path of the tree the slices and the package it is from.

use serde_json::{Map, Value, json};

use super::bill::{Bill, BillFile};
use super::{Document, Leaf};

pub(super) const DOCUMENT: Document = Document {
    name: "files",
    media_type: "application/json",
    path: "files.json",
    says: "every path with its slices, package, mode and digest",
    render,
};

/// Name and version of this shape.
const SCHEMA: &str = "certify.files/v1";

fn render(bill: &Bill) -> Vec<Leaf> {
    let files: Map<String, Value> = bill
        .files
        .iter()
        .map(|file| (file.path.clone(), entry(file)))
        .collect();
    let document = json!({
        "schema": SCHEMA,
        "image": bill.subject.name,
        "arch": bill.subject.arch,
        "files": files,
    });
    super::json(DOCUMENT.path, &document)
}

fn entry(file: &BillFile) -> Value {
    let mut entry = json!({
        "kind": file.kind,
        "mode": format!("{:04o}", file.mode),
        "origin": file.origin,
        "package": file.package,
        "slices": file.slices,
    });
    if let Some(content) = &file.content {
        entry["digest"] = json!(content.digest);
        entry["size"] = json!(content.size);
    }
    if let Some(target) = &file.target {
        entry["target"] = json!(target);
    }
    if let Some(original) = &file.original {
        entry["package_digest"] = json!(original);
    }
    entry
}
