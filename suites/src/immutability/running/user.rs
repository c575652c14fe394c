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
                container are read from /proc; uid 0, and any uid or gid but the declared one, \
                fail",
    remediation: "set the spec's `user` and let the entrypoint keep it",
    references: &["CIS Docker 4.1", "PSS restricted: runAsNonRoot"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: another user than the image says",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let mut findings = Findings::among(seen.facts.tasks.len(), "processes run as somebody else");
    let user = seen.declared.user;
    for task in &seen.facts.tasks {
        let status = &task.status;
        let checked = [
            ("uid", status.uids, user.uid, ", not 0"),
            ("gid", status.gids, user.gid, ""),
        ];
        for (kind, ids, wanted, besides) in checked {
            let all = [ids.real, ids.effective, ids.saved, ids.file_system];
            let root = kind == "uid" && all.contains(&0);
            let other = all.into_iter().find(|id| *id != wanted);
            if let Some(found) = other.or(root.then_some(0)) {
                findings.offence(
                    format!("pid {} ({})", task.pid, status.comm),
                    format!("{kind} {wanted}{besides}"),
                    format!("{kind} {found}"),
                    None,
                );
            }
        }
    }
    let status = &seen.facts.status;
    findings.noting(format!(
        "pid 1 has uid {} and gid {}",
        status.uids.effective, status.gids.effective
    ))
}
