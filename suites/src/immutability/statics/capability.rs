//! IMM-006: no file capabilities.

use model::{CheckInfo, Method, Severity};
use rootfs::read;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-006",
    title: "no file capabilities",
    severity: Severity::High,
    method: Method::Static,
    rationale: "a file capability is a setuid bit by another name",
    procedure: "no entry of the merged tree carries `security.capability`; versions 1 to 3 are \
                decoded, an unreadable one counts as one",
    remediation: "leave the file out, or drop the capability and grant what is needed from outside",
    references: &["CIS Docker 4.8"],
    good_fixture: "images/nginx.yaml",
    bad_fixture: "suites/src/immutability/statics/tests.rs: a file capability",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(subject.tree.len(), "entries have a capability");
    for (path, decoded) in read::capabilities(subject.tree) {
        let found = match decoded {
            Ok(capabilities) => format!("{capabilities:?}"),
            Err(bad) => format!("an unreadable capability: {bad:?}"),
        };
        findings.offence(&path, "no capability", found, subject.owner(&path));
    }
    findings
}
