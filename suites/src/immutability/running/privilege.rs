//! IMM-110: no new privileges.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-110",
    title: "no new privileges",
    severity: Severity::High,
    method: Method::Kernel,
    rationale: "with it no setuid bit and no file capability can raise anybody's rights",
    procedure: "NoNewPrivs of the container's first process is read from /proc; it must be 1",
    remediation: "set `no_new_privs` (allowPrivilegeEscalation: false)",
    references: &["PSS restricted: allowPrivilegeEscalation"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a container without no_new_privs",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let mut findings = Findings::among(1, "processes may gain privileges");
    if seen.facts.status.no_new_privs != Some(true) {
        let found = format!("{:?}", seen.facts.status.no_new_privs);
        findings.offence("NoNewPrivs", "1", found, None);
    }
    findings
}
