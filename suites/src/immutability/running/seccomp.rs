//! IMM-111: a system call filter is in force.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-111",
    title: "seccomp in force",
    severity: Severity::High,
    method: Method::Kernel,
    rationale: "most kernel flaws are reached by calls that an application never makes",
    procedure: "Seccomp and Seccomp_filters of the container's first process are read from /proc; \
                the mode must be 2 (filter) with one filter or more",
    remediation: "run with the runtime's default seccomp profile",
    references: &["PSS restricted: seccompProfile", "CIS Docker 5.21"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a container without a filter",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let status = &seen.facts.status;
    let mut findings = Findings::among(1, "processes run without a filter");
    if status.seccomp != Some(2) || status.seccomp_filters == Some(0) {
        let found = format!(
            "mode {:?}, filters {:?}",
            status.seccomp, status.seccomp_filters
        );
        findings.offence("Seccomp", "mode 2 with a filter", found, None);
    }
    findings.noting(format!("{} filter(s)", status.seccomp_filters.unwrap_or(0)))
}
