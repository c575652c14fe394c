//! IMM-116: it stops when asked.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-116",
    title: "stops when asked",
    severity: Severity::Medium,
    method: Method::Behaviour,
    rationale: "a program that must be killed loses requests and data at every roll-out; as \
                process 1 it gets no default action for its stop signal",
    procedure: "the spec's stop signal is sent to process 1; it must end within its grace by \
                itself, with status 0 or by that signal (143)",
    remediation: "install a handler for the stop signal in the application",
    references: &["Kubernetes: termination of pods"],
    good_fixture: "images/python.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: an application that ignores SIGTERM",
};

/// Statuses that count as a clean stop: zero, 128 + SIGTERM, and the signal itself.
const CLEAN: [i32; 3] = [0, 143, -15];

pub(super) fn look(seen: &Seen) -> Findings {
    let stopped = &seen.stopped;
    let mut findings = Findings::among(1, "stops were not clean");
    if stopped.killed {
        let found = format!("still running after {} ms, killed", stopped.took_ms);
        let expected = format!("ended within {} ms", seen.declared.stop_grace_ms);
        findings.offence("stop signal", expected, found, None);
    } else if !CLEAN.contains(&stopped.status) {
        findings.offence("exit status", "0 or 143", stopped.status, None);
    }
    findings.noting(format!(
        "status {} after {} ms",
        stopped.status, stopped.took_ms
    ))
}
