//! IMM-007: nothing the running user could write holds code.

use model::{CheckInfo, Method, Severity};
use rootfs::read::{self, RunAs};
use rootfs::{Entry, Kind, TreePath};

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-007",
    title: "nothing writable that holds code",
    severity: Severity::High,
    method: Method::Static,
    rationale: "on a platform that does not make the root read-only, code that its own user may \
                write is code that an intruder may write",
    procedure: "by owner and mode, for the image's user, its group and group 0: no file may be \
                writable, and no folder that holds one (nor may one be world-writable without the \
                sticky bit); paths the spec declares writable are mounts and left out",
    remediation: "make files and folders owned by 0:0 and not writable by others",
    references: &["NIST SP 800-190 4.4.4", "CIS Docker 4.8"],
    good_fixture: "images/python.yaml",
    bad_fixture: "images/controls/writable-code.yaml",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(subject.tree.len(), "entries are writable and hold code");
    let user = subject.spec.config.user;
    // Group 0 as well: clusters that assign arbitrary users put them there.
    let persons = [
        RunAs {
            uid: user.uid,
            gid: user.gid,
            is_numeric: true,
        },
        RunAs {
            uid: user.uid,
            gid: 0,
            is_numeric: true,
        },
    ];
    let mut seen: Vec<TreePath> = Vec::new();
    for person in persons {
        for found in read::writable_paths(subject.tree, person) {
            let Some(entry) = subject.tree.get(found.path.as_str()) else {
                continue;
            };
            let declared = subject.spec.writable.iter().any(|writable| {
                TreePath::new(&writable.path).is_ok_and(|w| under(&found.path, &w))
            });
            if declared || seen.contains(&found.path) || !holds_code(subject, &found, entry) {
                continue;
            }
            seen.push(found.path.clone());
            let owner = subject.owner(&found.path);
            let text = format!("{}: {}", found.what, found.why);
            findings.offence(&found.path, "not writable by the image's user", text, owner);
        }
    }
    findings
}

fn under(path: &TreePath, folder: &TreePath) -> bool {
    path == folder || path.is_below(folder)
}

/// A file is code or data that code trusts; a folder is an offence when something lies in it, or
/// when anyone may put something there.
fn holds_code(subject: &Subject<'_>, found: &read::Finding, entry: &Entry) -> bool {
    match entry.kind {
        Kind::Directory => {
            let filled = subject.tree.children(&found.path).next().is_some();
            filled && found.what != "world-writable-sticky" || found.what == "world-writable"
        }
        Kind::File(_) | Kind::Hardlink { .. } => true,
        _ => false,
    }
}
