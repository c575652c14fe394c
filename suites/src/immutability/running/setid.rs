//! IMM-105: nobody becomes root.

use model::{CheckInfo, Method, Severity};
use probe::{Permitted, SeccompCarried, SetIdFile, Tried};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-105",
    title: "nobody becomes root inside",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "the rights of the running user must be all the rights there are",
    procedure: "inside the running container, as its own user with its own capabilities and system \
                call filter, `setresuid(0)`, mounting a tmpfs and making a user namespace are \
                tried; each must be refused; where `no_new_privs` is not set, no program on any \
                mount may be setuid or setgid to root; the filter is copied from the process or, \
                for a caller to whom the kernel does not show it, given by the runtime; where only the \
                first process of a container is under it, the calls are tried by the first process \
                of another container of the same image and rights",
    remediation: "run without capabilities, with `no_new_privs` and a seccomp profile",
    references: &["PSS restricted: allowPrivilegeEscalation"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a filter that allows user namespaces",
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
        match (call.result, &call.refusal, &seen.attempts.identity.seccomp) {
            // A filter only takes away: refused without it is refused with it.
            (Permitted::Allowed, _, SeccompCarried::NotCopied(why)) => {
                let found = format!("allowed, but not under the container's own filter: {why}");
                findings.undecided(name, "refused", found);
            }
            (Permitted::Allowed, ..) => findings.offence(name, "refused", "allowed", None),
            (Permitted::Untried, Some(refusal), _) => {
                findings.undecided(name, "refused", format!("not tried: {}", refusal.name));
            }
            // Without a reason: it was root already, which is IMM-108's to tell.
            (Permitted::Untried, None, _) | (Permitted::Refused, ..) => {}
        }
    }
    if seen.facts.status.no_new_privs != Some(true) {
        for file in seen.attempts.files.iter().flat_map(|files| &files.set_ids) {
            lends_root(&mut findings, file);
        }
    }
    findings.noting(notes(seen))
}

/// A program that makes whoever starts it root, where nothing forbids it.
fn lends_root(findings: &mut Findings, file: &SetIdFile) {
    let user = file.mode & 0o4000 != 0 && file.uid == 0;
    let group = file.mode & 0o2000 != 0 && file.gid == 0;
    let ignored = file.mount_options.iter().any(|option| option == "nosuid");
    if (user || group) && !ignored {
        let found = format!(
            "mode {:04o} of {}:{} on a mount without nosuid, and no_new_privs is not set",
            file.mode, file.uid, file.gid
        );
        findings.offence(
            &file.path,
            "no program that lends root's rights",
            found,
            None,
        );
    }
}

/// How each call was refused, and under which filter.
fn notes(seen: &Seen) -> String {
    let calls = &seen.attempts.calls;
    let refused = |call: &Tried| {
        call.refusal
            .as_ref()
            .map_or_else(|| "-".to_owned(), |refusal| refusal.name.clone())
    };
    let filter = match &seen.attempts.identity.seccomp {
        SeccompCarried::None => "no filter".to_owned(),
        SeccompCarried::Copied(count) => format!("{count} filter(s) copied from the kernel"),
        SeccompCarried::Given(count) => format!("{count} filter(s) as the runtime installed them"),
        SeccompCarried::Inherited(count) => format!("{count} filter(s) of the container's own"),
        SeccompCarried::Apart(count) => format!(
            "{count} filter(s), in a container of its own: what this runtime starts inside a running \
             one is not under them"
        ),
        SeccompCarried::NotCopied(_) => "the container's filter not known".to_owned(),
    };
    format!(
        "setresuid {}, mount {}, unshare {}; {filter}",
        refused(&calls.become_root),
        refused(&calls.mount),
        refused(&calls.new_user_namespace)
    )
}
