//! IMM-102: no undeclared interpreter executes, directly or through the dynamic loader.

use model::{CheckInfo, Method, Severity};
use probe::Executed;

use super::{Seen, candidates};
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-102",
    title: "no undeclared interpreter executes",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "a file without its execute bit still runs when the dynamic loader is asked to \
                load it",
    procedure: "inside the running container, as its own user, every known interpreter and shell \
                is executed, directly and as `loader FILE` with each dynamic loader found; each \
                must be refused as not found",
    remediation: "leave the interpreter's slice out or declare it in the spec",
    references: &["NIST SP 800-190 4.1.2"],
    good_fixture: "images/python.yaml: interpreters: [python]",
    bad_fixture: "suites/tests/flawed/flaws.rs: an interpreter mounted into the container",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let names = candidates::interpreters(&seen.declared.interpreters);
    let direct: Vec<_> = seen
        .attempts
        .execute
        .iter()
        .filter(|a| names.contains(&a.path))
        .collect();
    let loaded: Vec<_> = seen
        .attempts
        .through_loader
        .iter()
        .filter(|a| names.contains(&a.path))
        .collect();
    let what = "attempts reached an undeclared interpreter";
    let mut findings = Findings::among(direct.len() + loaded.len(), what);
    for attempt in direct {
        if attempt.result != Executed::NotFound {
            findings.offence(
                &attempt.path,
                "not found",
                format!("{:?}", attempt.result),
                None,
            );
        }
    }
    for attempt in loaded {
        if attempt.result == Executed::Executed {
            let found = format!("{} loaded it", attempt.loader);
            findings.offence(&attempt.path, "refused", found, None);
        }
    }
    findings.noting(format!("{} dynamic loader(s)", seen.attempts.loaders.len()))
}
