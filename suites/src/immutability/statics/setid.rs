//! IMM-005: no setuid or setgid file.

use model::{CheckInfo, Method, Severity};
use rootfs::read;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-005",
    title: "no setuid or setgid file",
    severity: Severity::High,
    method: Method::Static,
    rationale: "a setuid program lends its owner's rights to whoever runs it",
    procedure: "no file of the merged tree carries a bit of 06000 in its mode",
    remediation: "leave the file out of the slice, or set `mode: 0755` for it",
    references: &["CIS Docker 4.8"],
    good_fixture: "images/nginx.yaml",
    bad_fixture: "images/controls/setuid.yaml",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(subject.tree.len(), "entries carry 06000");
    for found in read::set_ids(subject.tree) {
        let mode = subject
            .tree
            .get(found.path.as_str())
            .map_or(0, |entry| entry.mode);
        let owner = subject.owner(&found.path);
        let text = format!("{} with mode {mode:04o}", found.what);
        findings.offence(&found.path, "a mode without 06000", text, owner);
    }
    findings
}
