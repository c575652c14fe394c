//! IMM-108: every process runs as the declared user.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-108",
    title: "runs as the declared user, not as root",
    severity: Severity::High,
    method: Method::Kernel,
    rationale: "what the configuration says and what the kernel does can differ: entrypoints \
                switch users, platforms assign others",
    procedure: "real, effective, saved and file-system uid and gid of every process of the \
                container are read from /proc; uid 0 and any uid but the declared one fail",
    remediation: "set the spec's `user` and let the entrypoint keep it",
    references: &["CIS Docker 4.1", "PSS restricted: runAsNonRoot"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: another user than the image says",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let mut findings = Findings::among(seen.facts.tasks.len(), "processes run as somebody else");
    let wanted = seen.declared.user.uid;
    for task in &seen.facts.tasks {
        let uids = task.status.uids;
        for uid in [uids.real, uids.effective, uids.saved, uids.file_system] {
            if uid == 0 || uid != wanted {
                let found = format!("uid {uid}");
                let expected = format!("uid {wanted}, not 0");
                findings.offence(
                    format!("pid {} ({})", task.pid, task.status.comm),
                    expected,
                    found,
                    None,
                );
                break;
            }
        }
    }
    let ids = seen.facts.status.uids;
    findings.noting(format!("pid 1 has uid {}", ids.effective))
}
