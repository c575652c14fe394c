//! Rules of SPDX 2.3 and CycloneDX 1.6 that a schema cannot say: every end of a relationship
//! exists, identifiers are unique, codes are what they should be, licences are declared.

use std::collections::BTreeSet;

use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::purl::is_canonical;
use crate::scene::{bill, json};

/// What must be seen, and what brings it into a good document.
type Flaw = (&'static str, fn(&mut Value));

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// What is wrong with an SPDX document.
fn spdx_faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::from(["SPDXRef-DOCUMENT"]);
    for element in list(document, "packages")
        .iter()
        .chain(list(document, "files"))
    {
        let id = text(element, "SPDXID");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if !id.starts_with("SPDXRef-") || !id.chars().all(plain) || !ids.insert(id) {
            faults.push(format!("identifier {id}"));
        }
    }
    for relationship in list(document, "relationships") {
        for end in ["spdxElementId", "relatedSpdxElement"] {
            if !ids.contains(text(relationship, end)) {
                faults.push(format!("no end {}", text(relationship, end)));
            }
        }
    }
    let mut licences: BTreeSet<&str> = BTreeSet::new();
    for licence in list(document, "hasExtractedLicensingInfos") {
        if text(licence, "extractedText").is_empty() || !licences.insert(text(licence, "licenseId"))
        {
            faults.push(format!("licence {licence}"));
        }
    }
    for package in list(document, "packages") {
        let words = text(package, "licenseDeclared").split([' ', '(', ')']);
        let referred = words.filter(|word| word.starts_with("LicenseRef-"));
        faults.extend(
            referred
                .filter(|id| !licences.contains(id))
                .map(|id| format!("unknown {id}")),
        );
        for reference in list(package, "externalRefs") {
            if !is_canonical(text(reference, "referenceLocator")) {
                faults.push(format!("purl {reference}"));
            }
        }
        let code = &package["packageVerificationCode"]["packageVerificationCodeValue"];
        let expected = code_of(document, text(package, "SPDXID"));
        if code.as_str() != expected.as_deref() || package["filesAnalyzed"] != expected.is_some() {
            faults.push(format!("code of {}", text(package, "SPDXID")));
        }
    }
    faults
}

/// The verification code of a package over all files that it contains, itself or in a package.
fn code_of(document: &Value, package: &str) -> Option<String> {
    let contained = |of: &str| -> Vec<&str> {
        let all = list(document, "relationships").iter();
        let inside = all.filter(|one| {
            text(one, "relationshipType") == "CONTAINS" && text(one, "spdxElementId") == of
        });
        inside.map(|one| text(one, "relatedSpdxElement")).collect()
    };
    let mut ids = contained(package);
    let deeper: Vec<&str> = ids.iter().flat_map(|id| contained(id)).collect();
    ids.extend(deeper);
    let files = list(document, "files").iter();
    let files = files.filter(|file| ids.contains(&text(file, "SPDXID")));
    let mut sums: Vec<&str> = files
        .map(|file| text(&file["checksums"][0], "checksumValue"))
        .collect();
    sums.sort_unstable();
    (!sums.is_empty()).then(|| hex::encode(Sha1::digest(sums.concat())))
}

/// What is wrong with a CycloneDX document.
fn cyclonedx_faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut refs = BTreeSet::new();
    let subject = &document["metadata"]["component"];
    for component in std::iter::once(subject).chain(list(document, "components")) {
        let own = text(component, "bom-ref");
        if own.is_empty() || !refs.insert(own) {
            faults.push(format!("reference {own}"));
        }
        if component.get("purl").is_some() && !is_canonical(text(component, "purl")) {
            faults.push(format!("purl {}", text(component, "purl")));
        }
    }
    let mut rows = BTreeSet::new();
    for row in list(document, "dependencies") {
        if !rows.insert(text(row, "ref")) {
            faults.push(format!("two rows of {}", text(row, "ref")));
        }
        let ends = list(row, "dependsOn").iter().filter_map(Value::as_str);
        for end in ends.chain([text(row, "ref")]) {
            if !refs.contains(end) {
                faults.push(format!("no end {end}"));
            }
        }
    }
    faults
}

#[test]
fn spdx_holds_together() {
    let good = json("spdx", &bill());
    assert_eq!(spdx_faults(&good), Vec::<String>::new());
    assert_eq!(
        good["packages"][2]["licenseDeclared"]
            .as_str()
            .unwrap()
            .split(" AND ")
            .count(),
        3
    );
    assert_eq!(
        list(&good, "packages").len(),
        1 + 3 + 2,
        "the image, its packages, their sources"
    );
    let bad: [Flaw; 6] = [
        ("no end", |d| {
            d["relationships"][3]["relatedSpdxElement"] = "SPDXRef-x".into()
        }),
        ("identifier", |d| {
            d["files"][1]["SPDXID"] = d["files"][0]["SPDXID"].clone()
        }),
        ("identifier", |d| {
            d["packages"][1]["SPDXID"] = "SPDXRef-a+b".into()
        }),
        ("code", |d| {
            d["files"][0]["checksums"][0]["checksumValue"] = "00".into()
        }),
        ("unknown", |d| {
            d["packages"][1]["licenseDeclared"] = "LicenseRef-x OR MIT".into()
        }),
        ("purl", |d| {
            d["packages"][1]["externalRefs"][0]["referenceLocator"] = "deb/a@1".into()
        }),
    ];
    for (fault, change) in bad {
        let mut document = good.clone();
        change(&mut document);
        let faults = spdx_faults(&document);
        assert!(
            faults.iter().any(|found| found.starts_with(fault)),
            "{fault}: {faults:?}"
        );
    }
}

#[test]
fn cyclonedx_holds_together() {
    let good = json("cyclonedx", &bill());
    assert_eq!(cyclonedx_faults(&good), Vec::<String>::new());
    let tool = &good["components"][1];
    assert_eq!(tool["name"], "tool");
    assert_eq!(list(&tool["evidence"], "occurrences").len(), 5);
    assert_eq!(tool["licenses"][0]["license"]["id"], "MIT");
    assert_eq!(tool["licenses"][1]["license"]["name"], "GPL-2+ or Expat");
    assert_eq!(list(&good["dependencies"][2], "dependsOn").len(), 2);
    let bad: [Flaw; 3] = [
        ("no end", |d| d["dependencies"][1]["ref"] = "x".into()),
        ("reference", |d| {
            d["components"][1]["bom-ref"] = d["components"][0]["bom-ref"].clone()
        }),
        ("purl", |d| {
            d["components"][0]["purl"] = "pkg:deb/a b@1".into()
        }),
    ];
    for (fault, change) in bad {
        let mut document = good.clone();
        change(&mut document);
        let faults = cyclonedx_faults(&document);
        assert!(
            faults.iter().any(|found| found.starts_with(fault)),
            "{fault}: {faults:?}"
        );
    }
}

/// Keys that the OpenVEX 0.2.0 schema knows, by the kind of object; it allows no others.
const OPENVEX: [(&str, &[&str]); 4] = [
    (
        "document",
        &[
            "@context",
            "@id",
            "author",
            "role",
            "timestamp",
            "last_updated",
            "version",
            "tooling",
            "statements",
        ],
    ),
    (
        "statement",
        &[
            "@id",
            "version",
            "vulnerability",
            "timestamp",
            "last_updated",
            "products",
            "status",
            "supplier",
            "status_notes",
            "justification",
            "impact_statement",
            "action_statement",
            "action_statement_timestamp",
        ],
    ),
    ("vulnerability", &["@id", "name", "description", "aliases"]),
    (
        "product",
        &["@id", "identifiers", "hashes", "subcomponents"],
    ),
];

/// What is wrong with an OpenVEX document.
fn openvex_faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |kind: &str, value: &Value| {
        let known = OPENVEX.iter().find(|(known, _)| *known == kind).unwrap().1;
        let keys = value.as_object().into_iter().flatten();
        let strange = keys.filter(|(key, _)| !known.contains(&key.as_str()));
        faults.extend(strange.map(|(key, _)| format!("{kind}: {key}")));
    };
    check("document", document);
    let mut ids = BTreeSet::new();
    let mut twice = Vec::new();
    for statement in list(document, "statements") {
        check("statement", statement);
        check("vulnerability", &statement["vulnerability"]);
        for product in list(statement, "products") {
            check("product", product);
            list(product, "subcomponents")
                .iter()
                .for_each(|part| check("product", part));
        }
        if !ids.insert(text(statement, "@id")) {
            twice.push(format!("twice: {}", text(statement, "@id")));
        }
        if text(statement, "status") != "under_investigation" {
            twice.push(format!("claims {}", text(statement, "status")));
        }
    }
    faults.extend(twice);
    if ids.is_empty() {
        faults.push("no statement".to_owned());
    }
    faults
}

#[test]
fn openvex_holds_together_and_claims_nothing() {
    let good = json("openvex", &bill());
    assert_eq!(openvex_faults(&good), Vec::<String>::new());
    let bad: [Flaw; 4] = [
        ("statement: absent", |d| {
            d["statements"][0]["absent"] = "x".into()
        }),
        ("twice", |d| d["statements"][1] = d["statements"][0].clone()),
        ("claims", |d| {
            d["statements"][0]["status"] = "not_affected".into()
        }),
        ("no statement", |d| {
            d["statements"] = Value::Array(Vec::new())
        }),
    ];
    for (fault, change) in bad {
        let mut document = good.clone();
        change(&mut document);
        let faults = openvex_faults(&document);
        assert!(
            faults.iter().any(|found| found.starts_with(fault)),
            "{fault}: {faults:?}"
        );
    }
}
