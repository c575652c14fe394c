//! IMM-003: no package manager.

use model::{CheckInfo, Method, Severity};
use rootfs::read;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-003",
    title: "no package manager",
    severity: Severity::Medium,
    method: Method::Static,
    rationale: "an image that can install software is not immutable by intent",
    procedure: "executable files, links to them and leftover caches are compared with the known \
                package managers of systems and languages",
    remediation: "leave the package manager's slice out",
    references: &["NIST SP 800-190 4.1.2", "CIS Docker 4.3"],
    good_fixture: "images/nginx.yaml",
    bad_fixture: "suites/src/immutability/statics/tests.rs: a package manager",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(subject.tree.len(), "entries are a package manager");
    for found in read::package_tools(subject.tree) {
        let owner = subject.owner(&found.path);
        let text = format!("{} ({})", found.what, found.why);
        findings.offence(&found.path, "no package manager", text, owner);
    }
    findings
}
