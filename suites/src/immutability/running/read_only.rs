//! IMM-112: the root is read-only and the application serves.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-112",
    title: "read-only root, application serving",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "a read-only root is worth something only if the application works with it",
    procedure: "`/` must be `ro` in the container's own mountinfo, and every smoke request and \
                every request under load must be answered as the spec says",
    remediation: "declare what the application must write in `writable` and point it there",
    references: &["NSA/CISA Kubernetes Hardening Guidance", "CIS Docker 5.12"],
    good_fixture: "images/nginx.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a wrong answer under load",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let served = &seen.served;
    let asked = 1 + u64::from(served.requests) + served.load_ok + served.load_failed;
    let asked = usize::try_from(asked).unwrap_or(usize::MAX);
    let mut findings = Findings::among(asked, "observations are wrong");
    // Later mounts hide earlier ones on the same point.
    match seen.facts.mounts.iter().rfind(|mount| mount.point == "/") {
        Some(root) if root.options.iter().any(|option| option == "ro") => {}
        Some(root) => findings.offence("/", "ro", root.options.join(","), None),
        None => findings.offence("/", "ro", "no root in mountinfo", None),
    }
    for wrong in &served.wrong {
        findings.offence("smoke request", "answered as the spec says", wrong, None);
    }
    if served.load_failed > 0 {
        let found = format!(
            "{} of {} failed",
            served.load_failed,
            served.load_ok + served.load_failed
        );
        findings.offence("requests under load", "all answered", found, None);
    }
    findings.noting(format!(
        "{} smoke request(s) and {} under load answered",
        served.requests as usize - served.wrong.len().min(served.requests as usize),
        served.load_ok
    ))
}
