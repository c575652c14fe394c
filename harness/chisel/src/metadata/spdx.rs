//! SPDX 2.3 as JSON.
//!
//! The image contains packages; each contains the files of it that are there and is generated from
//! its source package. Files of no package belong to the image itself.

use std::collections::BTreeMap;

use model::Digest;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::bill::{Bill, BillFile, BillPackage, Content, Identity, Licensing};
use super::expression::{Extractions, expression, extract, joined};
use super::{Document, Leaf};

pub(super) const DOCUMENT: Document = Document {
    name: "spdx",
    media_type: "application/spdx+json",
    path: "spdx.json",
    says: "SPDX 2.3 bill of materials: packages, their sources and licences, files with digests",
    render,
};

const IMAGE: &str = "SPDXRef-Image";

/// A document in the making.
struct Spdx<'b> {
    bill: &'b Bill,
    extractions: Extractions,
    packages: Vec<Value>,
    relationships: Vec<Value>,
}

fn render(bill: &Bill) -> Vec<Leaf> {
    let mut spdx = Spdx {
        bill,
        extractions: Extractions::new(),
        packages: Vec::new(),
        relationships: Vec::new(),
    };
    spdx.relate("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE);
    spdx.image();
    let mut sources = BTreeMap::new();
    for package in &bill.packages {
        spdx.package(package);
        sources.entry(source_id(package)).or_insert(package);
    }
    for (id, package) in sources {
        spdx.source(&id, package);
    }
    let of_images = bill.contents(None);
    let paths: Vec<&BillFile> = of_images.map(|(file, _)| file).collect();
    for file in paths {
        spdx.relate(IMAGE, "CONTAINS", &file_id(file));
    }
    let files = bill
        .files
        .iter()
        .filter_map(|one| Some(file(one, one.content.as_ref()?)));
    let (name, version) = &bill.tool;
    let document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bill.subject.name,
        "documentNamespace":
            format!("https://spdx.org/spdxdocs/{}-{}", plain(&bill.subject.name), bill.uuid()),
        "creationInfo": {
            "created": bill.created(),
            "creators": [format!("Tool: {name}-{version}")],
            "comment": "The time is the image's own fixed time, not that of writing, so that the \
                        same image has the same document.",
        },
        "hasExtractedLicensingInfos": extracted(&spdx.extractions),
        "packages": spdx.packages,
        "files": files.collect::<Vec<_>>(),
        "relationships": spdx.relationships,
    });
    super::json(DOCUMENT.path, &document)
}

impl Spdx<'_> {
    fn relate(&mut self, from: &str, kind: &str, to: &str) {
        self.relationships.push(json!({
            "spdxElementId": from,
            "relationshipType": kind,
            "relatedSpdxElement": to,
        }));
    }

    fn image(&mut self) {
        let bill = self.bill;
        let all = bill.files.iter().filter_map(|file| file.content.as_ref());
        let (digest, purpose) = match bill.subject.identity {
            Identity::Image(digest) => (digest, "CONTAINER"),
            Identity::Tree(digest) => (digest, "OPERATING-SYSTEM"),
        };
        let mut image = json!({
            "SPDXID": IMAGE,
            "name": bill.subject.name,
            "versionInfo": digest,
            "primaryPackagePurpose": purpose,
            "downloadLocation": "NOASSERTION",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [reference(&bill.subject_purl())],
        });
        analyzed(&mut image, all);
        self.packages.push(image);
    }

    fn package(&mut self, package: &BillPackage) {
        let record = &package.record;
        let id = package_id(package);
        let mut value = json!({
            "SPDXID": id,
            "name": record.name,
            "versionInfo": record.version,
            "packageFileName": record.file.rsplit('/').next().unwrap_or(&record.file),
            "primaryPackagePurpose": "LIBRARY",
            "downloadLocation": "NOASSERTION",
            "sourceInfo": format!(
                "built from {} {}; taken from archive {} ({}) as {}",
                record.source,
                record.source_version,
                record.archive,
                record.suite,
                record.file
            ),
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": self.declared(package),
            "copyrightText": "NOASSERTION",
            "checksums": [checksum("SHA256", &record.digest.hex())],
            "externalRefs": [reference(&self.bill.purl(package))],
            "comment": comment(package),
        });
        if let Some(maintainer) = &package.maintainer {
            value["supplier"] = json!(supplier(maintainer));
        }
        if let Some(homepage) = package.homepage.as_ref().filter(|text| is_address(text)) {
            value["homepage"] = json!(homepage);
        }
        let bill = self.bill;
        let files = || bill.contents(Some(&record.name));
        analyzed(&mut value, files().map(|(_, content)| content));
        self.packages.push(value);
        self.relate(IMAGE, "CONTAINS", &id);
        self.relate(&id, "GENERATED_FROM", &source_id(package));
        for (file, _) in files() {
            self.relate(&id, "CONTAINS", &file_id(file));
        }
        for needed in &package.depends {
            if let Some(other) = bill.packages.iter().find(|one| one.record.name == *needed) {
                self.relate(&id, "DEPENDS_ON", &package_id(other));
            }
        }
    }

    fn source(&mut self, id: &str, package: &BillPackage) {
        let record = &package.record;
        self.packages.push(json!({
            "SPDXID": id,
            "name": record.source,
            "versionInfo": record.source_version,
            "primaryPackagePurpose": "SOURCE",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [reference(&self.bill.source_purl(package))],
        }));
    }

    /// The licences that the copyright file names, all of them together.
    fn declared(&mut self, package: &BillPackage) -> String {
        let file = match &package.licensing {
            Licensing::Missing(_) => return "NOASSERTION".to_owned(),
            Licensing::Known(file) => file,
        };
        let origin = format!("the copyright file of {}, {}", file.package, file.digest);
        if file.named.is_empty() {
            let name = format!("copyright-{}", file.package);
            return extract(&name, &file.text, &origin, &mut self.extractions);
        }
        let extractions = &mut self.extractions;
        joined(&file.named, " AND ", |one| {
            expression(one, &origin, extractions)
        })
    }
}

/// What is there of a package, for people.
fn comment(package: &BillPackage) -> String {
    let licences = match &package.licensing {
        Licensing::Missing(why) => format!("No licence is declared: {why}."),
        Licensing::Known(_) => "The licences declared are those that the copyright file names for \
                                the whole source; which of them holds for the files here was not \
                                concluded."
            .to_owned(),
    };
    format!(
        "{} of its files are here (slices: {}). {licences}",
        package.share(),
        package.slices.join(", ")
    )
}

/// Adds the verification code (SPDX 2.3, 7.9) over `files`, or that there are none.
fn analyzed<'c>(package: &mut Value, files: impl Iterator<Item = &'c Content>) {
    let mut sums: Vec<&str> = files.map(|content| content.sha1.as_str()).collect();
    sums.sort_unstable();
    package["filesAnalyzed"] = json!(!sums.is_empty());
    if !sums.is_empty() {
        let code = hex::encode(Sha1::digest(sums.concat()));
        package["packageVerificationCode"] = json!({"packageVerificationCodeValue": code});
    }
}

fn file(file: &BillFile, content: &Content) -> Value {
    let mut value = json!({
        "SPDXID": file_id(file),
        "fileName": format!(".{}", file.path),
        "checksums": [checksum("SHA1", &content.sha1), checksum("SHA256", &content.digest.hex())],
        "licenseConcluded": "NOASSERTION",
        "licenseInfoInFiles": ["NOASSERTION"],
        "copyrightText": "NOASSERTION",
    });
    if !file.slices.is_empty() {
        value["comment"] = json!(format!("slices: {}", file.slices.join(", ")));
    }
    value
}

fn extracted(extractions: &Extractions) -> Vec<Value> {
    extractions
        .iter()
        .map(|(id, one)| json!({"licenseId": id, "name": one.name, "extractedText": one.text}))
        .collect()
}

fn checksum(algorithm: &str, value: &str) -> Value {
    json!({"algorithm": algorithm, "checksumValue": value})
}

fn reference(purl: &str) -> Value {
    json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    })
}

/// `Organization: NAME (MAIL)` of `NAME <MAIL>`: teams maintain most packages.
fn supplier(maintainer: &str) -> String {
    match maintainer.split_once('<') {
        Some((name, mail)) => {
            let mail = mail.trim_end().trim_end_matches('>');
            format!("Organization: {} ({mail})", name.trim().trim_matches('"'))
        }
        None => format!("Organization: {maintainer}"),
    }
}

/// Whether a `Homepage` can stand as an address.
pub(super) fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic() && !r#"<>"{}|\^`"#.contains(c);
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}

fn package_id(package: &BillPackage) -> String {
    format!("SPDXRef-Package-{}", plain(&package.record.name))
}

fn source_id(package: &BillPackage) -> String {
    let record = &package.record;
    let number = Digest::of(record.source_version.as_bytes()).short();
    format!("SPDXRef-Source-{}-{number}", plain(&record.source))
}

fn file_id(file: &BillFile) -> String {
    let digest = Digest::of(file.path.as_bytes()).hex();
    format!("SPDXRef-File-{}", &digest[..24])
}

/// A name as it may stand in an identifier. Names of packages have `+` beside what may; no two of
/// them differ only there and in what it becomes.
fn plain(name: &str) -> String {
    let plain = |c: char| match c {
        '+' => ".plus".to_owned(),
        c if c.is_ascii_alphanumeric() || c == '.' || c == '-' => c.to_string(),
        _ => "-".to_owned(),
    };
    name.chars().map(plain).collect()
}
