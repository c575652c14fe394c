//! `status.d`: dpkg's records of packages, one file each, as distroless images carry them.
//!
//! Scanners read `/var/lib/dpkg/status.d/NAME` like paragraphs of dpkg's `status`. Ours also say in
//! `Chisel-Files` how much of the package is there and in `Chisel-Slices` by which slices; dpkg's
//! own fields are the package's. `NAME.md5sums` lists what is really there, with its present sums.

use deb::control::stanzas;

use super::bill::{Bill, BillPackage};
use super::{Document, Leaf};

pub(super) const DOCUMENT: Document = Document {
    name: "status.d",
    media_type: "text/plain",
    path: "status.d/",
    says: "dpkg's records: a control paragraph for each package and a list of its files here",
    render,
};

fn render(bill: &Bill) -> Vec<Leaf> {
    records(bill)
        .into_iter()
        .map(|leaf| Leaf {
            path: format!("{}{}", DOCUMENT.path, leaf.path),
            text: leaf.text,
        })
        .collect()
}

/// The files of `status.d`, by name.
pub fn records(bill: &Bill) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for package in &bill.packages {
        let name = &package.record.name;
        leaves.push(Leaf {
            path: name.clone(),
            text: paragraph(package),
        });
        leaves.push(Leaf {
            path: format!("{name}.md5sums"),
            text: sums(bill, name),
        });
    }
    leaves.sort_by(|a, b| a.path.cmp(&b.path));
    leaves
}

/// The package's own paragraph with its status and what is there of it.
fn paragraph(package: &BillPackage) -> String {
    let stanza = stanzas(&package.control).find_map(Result::ok);
    let fields = stanza.iter().flat_map(|stanza| stanza.fields());
    let mut text = String::new();
    for (name, value) in fields {
        let ours = ["Status", "Chisel-Slices", "Chisel-Files"];
        if ours.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            continue;
        }
        text.push_str(&format!("{name}: {value}\n"));
        if name.eq_ignore_ascii_case("Package") {
            text.push_str("Status: install ok installed\n");
        }
    }
    let kind = if package.is_partial() {
        "partial"
    } else {
        "complete"
    };
    text.push_str(&format!("Chisel-Files: {kind}, {}\n", package.share()));
    text.push_str(&format!("Chisel-Slices: {}\n", package.slices.join(", ")));
    text
}

/// Lines of an `md5sums` file for what is there.
fn sums(bill: &Bill, package: &str) -> String {
    let line = |path: &str, md5: &str| format!("{md5}  {}\n", path.trim_start_matches('/'));
    bill.contents(Some(package))
        .map(|(file, content)| line(&file.path, &content.md5))
        .collect()
}
