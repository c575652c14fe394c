//! OpenVEX 0.2.0 stubs: one statement for each package of which only a part is there.
//!
//! A stub claims nothing. It says `under_investigation` of a placeholder and lists the package's
//! files that are absent, so that a person who knows where a flaw lies can copy it, name the flaw
//! and turn the status into `not_affected` with `component_not_present` or
//! `vulnerable_code_not_present`.

use serde_json::{Value, json};

use super::bill::{Bill, BillPackage};
use super::{Document, Leaf};

pub(super) const DOCUMENT: Document = Document {
    name: "openvex",
    media_type: "application/vex+json",
    path: "openvex.json",
    says: "OpenVEX stubs: what of each partial package is absent, for a person to judge by",
    render,
};

/// What stands where a flaw's name belongs. No database knows it, so no scanner takes it for one.
const PLACEHOLDER: &str = "NAME-THE-VULNERABILITY";

/// No document where nothing is partial: one without statements is none.
fn render(bill: &Bill) -> Vec<Leaf> {
    let partial: Vec<&BillPackage> = bill
        .packages
        .iter()
        .filter(|package| package.is_partial())
        .collect();
    if partial.is_empty() {
        return Vec::new();
    }
    let id = format!("https://openvex.dev/docs/public/vex-{}", bill.uuid());
    let statements = partial
        .into_iter()
        .map(|package| statement(bill, package, &id));
    let (tool, version) = &bill.tool;
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": id,
        "author": format!("{tool}, a program: nobody has judged anything here"),
        "role": "stubs for a person to complete; every statement is a template",
        "timestamp": bill.created(),
        "version": 1,
        "tooling": format!("{tool}-{version}"),
        "statements": statements.collect::<Vec<_>>(),
    });
    super::json(DOCUMENT.path, &document)
}

fn statement(bill: &Bill, package: &BillPackage, document: &str) -> Value {
    let purl = bill.purl(package);
    json!({
        "@id": format!("{document}#{}", package.record.name),
        "vulnerability": {
            "name": PLACEHOLDER,
            "description": format!(
                "A placeholder: put a vulnerability of {} here.", package.record.name
            ),
        },
        "products": [{
            "@id": bill.subject_purl(),
            "identifiers": {"purl": bill.subject_purl()},
            "subcomponents": [{"@id": purl, "identifiers": {"purl": purl}}],
        }],
        "status": "under_investigation",
        "status_notes": notes(package),
    })
}

fn notes(package: &BillPackage) -> String {
    format!(
        "Template, no claim. Of package {}, {} files are in the image. If the vulnerable code lies \
         in files of this list alone, say status not_affected with justification \
         component_not_present (or vulnerable_code_not_present, if a part of such code is here). Absent:\n{}",
        package.record.name,
        package.share(),
        package.absent.join("\n")
    )
}
