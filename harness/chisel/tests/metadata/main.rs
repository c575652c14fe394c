//! Documents beside an image: what they say of a cut, and the rules of their formats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a test"
)]

mod purl;
mod rules;
mod scene;
#[path = "../shelf/mod.rs"]
mod shelf;

use std::collections::BTreeSet;

use chisel::metadata::{DOCUMENTS, Licensing};
use scene::{bill, document, json};

#[test]
fn the_bill_tells_what_is_there_and_what_is_not() {
    let bill = bill();
    let names: Vec<&str> = bill
        .packages
        .iter()
        .map(|one| one.record.name.as_str())
        .collect();
    assert_eq!(names, ["libtool1", "tool", "tool-data"]);
    let [library, tool, data] = &bill.packages[..] else {
        unreachable!()
    };
    // The moved file counts as there, the manual does not; a linked name is a file of its own.
    assert_eq!(tool.absent, ["/usr/share/man/man1/tool.1"]);
    assert_eq!((tool.present(), tool.all), (5, 6));
    assert!(!library.is_partial() && data.is_partial());
    assert_eq!(
        tool.depends,
        BTreeSet::from(["libtool1".to_owned(), "tool-data".to_owned()])
    );
    assert!(library.depends.is_empty());
    assert_eq!(
        bill.distribution.name(),
        "ubuntu-13",
        "an archive without a label is Ubuntu's"
    );
    let changed = bill
        .files
        .iter()
        .find(|file| file.path == "/etc/changed")
        .unwrap();
    assert!(changed.original.is_some() && changed.package.as_deref() == Some("tool"));
    let made = bill
        .files
        .iter()
        .find(|file| file.path == "/etc/tool.conf")
        .unwrap();
    assert_eq!((made.package.as_deref(), made.origin), (None, "slice"));
    assert_eq!(made.slices, ["tool_bins"]);
}

#[test]
fn licences_are_named_linked_unstructured_or_missing() {
    let mut bill = bill();
    let licences = json("licences", &bill);
    let of = |at: usize| &licences["packages"][at];
    assert_eq!(of(0)["copyright_of"], "tool");
    assert_eq!(of(1)["state"], "structured");
    let named: Vec<_> = of(1)["licences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["name"])
        .collect();
    assert_eq!(named, ["Expat", "GPL-2+ or Expat", "public-domain"]);
    assert_eq!(of(1)["licences"][1]["spdx"], "GPL-2.0-or-later OR MIT");
    assert!(of(1)["licences"][2]["spdx"].is_null());
    assert_eq!(of(2)["state"], "unstructured");
    assert_eq!(of(2)["in_image"], false);
    bill.packages[2].licensing =
        Licensing::Missing("package tool-data has no copyright file".into());
    assert_eq!(json("licences", &bill)["packages"][2]["state"], "missing");
    let text = &document("copyrights", &bill)[0].text;
    assert!(
        text.contains("tool-data: package tool-data has no copyright file"),
        "{text}"
    );
    assert!(text.contains("libtool1, tool (sha256:"), "{text}");
}

#[test]
fn dpkgs_records_say_how_much_is_there() {
    let bill = bill();
    let leaves = document("status.d", &bill);
    let text = |path: &str| &leaves.iter().find(|leaf| leaf.path == path).unwrap().text;
    let tool = text("status.d/tool");
    assert!(
        tool.starts_with("Package: tool\nStatus: install ok installed\n"),
        "{tool}"
    );
    assert!(
        tool.ends_with("Chisel-Files: partial, 5 of 6\nChisel-Slices: tool_bins\n"),
        "{tool}"
    );
    assert!(text("status.d/libtool1").contains("Chisel-Files: complete, 3 of 3\n"));
    let sums = text("status.d/tool.md5sums");
    // `other\n`, which the script wrote, and not what the package carries.
    assert!(
        sums.contains("ba7790b1708b71cb2b61b1a30d824712  etc/changed\n"),
        "{sums}"
    );
    assert!(
        sums.contains("  usr/lib/moved\n") && !sums.contains("man1"),
        "{sums}"
    );
    assert_eq!(sums.lines().count(), 5);
}

#[test]
fn stubs_claim_nothing_and_name_what_is_absent() {
    let bill = bill();
    let mut whole = bill.clone();
    whole
        .packages
        .iter_mut()
        .for_each(|package| package.absent.clear());
    assert_eq!(document("openvex", &whole), []);
    let vex = json("openvex", &bill);
    let statements = vex["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 2, "one for each partial package");
    for statement in statements {
        assert_eq!(statement["status"], "under_investigation");
        assert!(statement.get("justification").is_none());
    }
    let notes = statements[0]["status_notes"].as_str().unwrap();
    assert!(
        notes.ends_with("Absent:\n/usr/share/man/man1/tool.1"),
        "{notes}"
    );
    let part = &statements[0]["products"][0]["subcomponents"][0]["@id"];
    assert_eq!(part, &bill.purl(&bill.packages[1]));
}

#[test]
fn files_are_mapped_to_slices() {
    let map = json("files", &bill());
    let tool = &map["files"]["/usr/bin/tool"];
    assert_eq!(tool["slices"][0], "tool_bins");
    assert_eq!(
        (&tool["package"], &tool["mode"]),
        (&"tool".into(), &"0755".into())
    );
    assert!(map["files"]["/etc/changed"]["package_digest"].is_string());
    assert_eq!(
        map["files"]["/usr/lib/libtool.so.1"]["target"],
        "libtool.so.1.0"
    );
}

#[test]
fn the_same_cut_gives_the_same_bytes_and_another_does_not() {
    let (first, again) = (bill(), bill());
    for document in DOCUMENTS {
        let leaves = document.render(&first);
        assert_eq!(leaves, document.render(&again), "{}", document.name);
        assert!(
            leaves.is_sorted_by(|a, b| a.path < b.path),
            "{}",
            document.name
        );
        let inside = |path: &str| {
            if document.is_folder() {
                path.starts_with(document.path)
            } else {
                path == document.path
            }
        };
        assert!(
            leaves.iter().all(|leaf| inside(&leaf.path)),
            "{}",
            document.name
        );
    }
    let mut other = bill();
    other.files.pop();
    assert_ne!(first.uuid(), other.uuid());
    let names: BTreeSet<&str> = DOCUMENTS.iter().map(|document| document.path).collect();
    assert_eq!(names.len(), DOCUMENTS.len());
}

#[test]
fn urls_of_packages_are_those_of_the_type() {
    let bill = bill();
    let purls: Vec<String> = bill.packages.iter().map(|one| bill.purl(one)).collect();
    let wanted = [
        "pkg:deb/ubuntu/libtool1@2.0-1?arch=amd64&distro=ubuntu-13&upstream=tool%401:2.0-1",
        "pkg:deb/ubuntu/tool@1:2.0-1%2Bb1?arch=amd64&distro=ubuntu-13&upstream=tool%401:2.0-1",
        "pkg:deb/ubuntu/tool-data@2.0-1?arch=all&distro=ubuntu-13",
    ];
    assert_eq!(purls, wanted);
    assert!(
        purl::is_canonical(&bill.subject_purl()),
        "{}",
        bill.subject_purl()
    );
}
