//! IMM-113: no drift.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-113",
    title: "no drift under load",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "what runs after an hour must be what was certified",
    procedure: "every path of the container's root (kind, mode, owner, SHA-256) is listed before \
                and after load through the kernel's own view, and compared with each other and \
                with the certified image; only mount points and the empty marks of Docker and \
                Podman may be new, and only declared paths and the runtime's own mounts may hide \
                what the image has; owners are not compared with the image's where a user \
                namespace maps a single id, which the result says",
    remediation: "find who writes there: declare the path in `writable` or stop the writing",
    references: &["PCI DSS 11.5.1", "NIST SP 800-190 4.4.4"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a file that is changed from outside under load",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let drift = &seen.drift;
    let compared = usize::try_from(drift.compared).unwrap_or(usize::MAX);
    let mut findings = Findings::among(compared, "paths drifted");
    for change in &drift.during {
        findings.offence(&change.path, "unchanged under load", &change.how, None);
    }
    for change in &drift.from_image {
        findings.offence(&change.path, "as in the image", &change.how, None);
    }
    for path in &drift.unreadable {
        findings.offence(
            path,
            "readable for the comparison",
            "could not be read",
            None,
        );
    }
    match &drift.owners_unknown {
        Some(why) => findings.noting(why.clone()),
        None => findings,
    }
}
