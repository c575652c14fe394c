//! IMM-114: a dropped program does not run.

use model::{CheckInfo, Method, Severity};
use probe::{Executed, Permitted};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-114",
    title: "a dropped program does not run",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "writing a program somewhere and starting it is how most intrusions go on",
    procedure: "in every directory that the container's user can write, a static program is \
                written and executed; it must be refused unless the spec declares the path \
                `exec: true`; anonymous memory files are tried too and reported, since no mount \
                option can stop them",
    remediation: "mount writable paths with `noexec`",
    references: &["PCI DSS 11.5.1"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a writable path that executes",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let places = seen
        .attempts
        .directories
        .as_ref()
        .map(|d| d.writable.as_slice())
        .unwrap_or_default();
    // With no writable directory at all, the walk itself is what was examined.
    let walked = usize::try_from(seen.attempts.counts.directories).unwrap_or(usize::MAX);
    let mut findings = Findings::among(walked, "directories ran a dropped program");
    for place in places {
        let allowed = seen.declared.writable.iter().any(|writable| {
            writable.exec
                && (place.path == writable.path
                    || place.path.starts_with(&format!("{}/", writable.path)))
        });
        match &place.dropped_program {
            Executed::Executed if !allowed => {
                let found = format!(
                    "it ran ({}, {})",
                    place.fs_type,
                    place.mount_options.join(",")
                );
                findings.offence(&place.path, "refused", found, None);
            }
            Executed::Untried(why) => {
                findings.offence(
                    &place.path,
                    "tried",
                    format!("not tried: {}", why.name),
                    None,
                );
            }
            _ => {}
        }
    }
    let memory = match seen.attempts.calls.execute_memfd.result {
        Permitted::Allowed => "runs",
        Permitted::Refused => "is refused",
        Permitted::Untried => "was not tried",
    };
    findings.noting(format!(
        "{} program(s) dropped; one in an anonymous memory file {memory}",
        seen.attempts.counts.dropped_programs
    ))
}
