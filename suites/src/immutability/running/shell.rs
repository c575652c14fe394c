//! IMM-101: no shell executes.

use model::{CheckInfo, Method, Severity};
use probe::Executed;

use super::{Seen, candidates};
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-101",
    title: "no shell executes",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "what counts is not a name in a listing but whether a shell can be started",
    procedure: "inside the running container, as its own user, every known shell is executed at \
                every usual place; each must be refused with `not found`",
    remediation: "leave the shell's slice out",
    references: &["NIST SP 800-190 4.1.2"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a shell mounted into the container",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let shells = candidates::shells();
    let tried: Vec<_> = seen
        .attempts
        .execute
        .iter()
        .filter(|a| shells.contains(&a.path))
        .collect();
    let mut findings = Findings::among(tried.len(), "exec attempts reached a shell");
    for attempt in tried {
        if attempt.result != Executed::NotFound {
            let found = format!("{:?}", attempt.result);
            findings.offence(&attempt.path, "not found", found, None);
        }
    }
    findings
}
