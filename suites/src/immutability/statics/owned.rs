//! IMM-004: every path has an owner and is as it was cut.

use model::{CheckInfo, Method, Severity};
use rootfs::Origin;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-004",
    title: "every file owned and as it was cut",
    severity: Severity::High,
    method: Method::Static,
    rationale: "a file that no package, spec or finish step accounts for came from somewhere else",
    procedure: "the merged tree of the image's layers is compared, path by path, with the cut's \
                listing: kind, mode, owner ids, digest, link target; every path but implicit \
                parent folders must have an owner",
    remediation: "build the image again from its spec; declare files of your own in `files`",
    references: &["NIST SP 800-190 4.1.5"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/src/immutability/statics/tests.rs: a file added after the cut",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let Some(cut) = subject.cut else {
        return Findings::among(0, "paths have a listing to compare with");
    };
    let mut findings = Findings::among(subject.tree.len(), "paths are unowned or altered");
    let diff = cut.diff(subject.tree);
    for path in &diff.added {
        findings.offence(path, "an owner", "not in the cut's listing", None);
    }
    for path in &diff.removed {
        findings.offence(path, "present as cut", "missing", subject.owner(path));
    }
    for change in &diff.changed {
        let fields: Vec<String> = change
            .fields
            .iter()
            .map(|field| format!("{field:?}"))
            .collect();
        let found = format!("differs in {}", fields.join(", ").to_lowercase());
        findings.offence(&change.path, "as cut", found, subject.owner(&change.path));
    }
    for (path, entry) in cut.iter() {
        let implicit = entry.is_directory() || matches!(entry.origin, Origin::Implicit);
        if entry.owners.is_empty() && !implicit {
            findings.offence(
                path,
                "an owner",
                "no slice, package, spec or step owns it",
                None,
            );
        }
    }
    findings
}
