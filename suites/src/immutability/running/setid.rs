//! IMM-105: nobody becomes root.

use model::{CheckInfo, Method, Severity};
use probe::{Permitted, Tried};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-105",
    title: "nobody becomes root inside",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "the rights of the running user must be all the rights there are",
    procedure: "inside the running container, as its own user and under its own system call \
                filter, `setresuid(0)`, mounting a tmpfs and making a user namespace are tried; \
                each must be refused",
    remediation: "run without capabilities, with `no_new_privs` and a seccomp profile",
    references: &["PSS restricted: allowPrivilegeEscalation"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "a container that keeps CAP_SETUID (suites/tests/immutability.rs)",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let calls = &seen.attempts.calls;
    let tried: [(&str, &Tried); 3] = [
        ("setresuid(0)", &calls.become_root),
        ("mount", &calls.mount),
        ("unshare(CLONE_NEWUSER)", &calls.new_user_namespace),
    ];
    let really = tried
        .iter()
        .filter(|(_, call)| call.result != Permitted::Untried)
        .count();
    let mut findings = Findings::among(really, "calls were allowed");
    for (name, call) in tried {
        if call.result == Permitted::Allowed {
            findings.offence(name, "refused", "allowed", None);
        }
    }
    findings.noting(format!(
        "system call filter: {:?}",
        seen.attempts.identity.seccomp
    ))
}
