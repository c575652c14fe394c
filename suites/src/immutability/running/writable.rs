//! IMM-107: only declared paths are writable, and none of them holds code.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-107",
    title: "only declared paths are writable, none holds code",
    severity: Severity::High,
    method: Method::Behaviour,
    rationale: "a field that says read-only is a wish; a write that fails is a fact",
    procedure: "inside the running container, as its own user, a file is created in every \
                directory of every mount but the kernel's own, and every file that is code is \
                opened for writing; only the spec's `writable` paths and the runtime's own /dev/shm may \
                allow the first, nothing may allow the second",
    remediation: "declare the path in `writable`, or make it owned by root and not writable",
    references: &["NIST SP 800-190 4.4.4"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: one more writable mount",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let (Some(directories), Some(files)) = (&seen.attempts.directories, &seen.attempts.files)
    else {
        return Findings::among(0, "writes were tried");
    };
    let tried = usize::try_from(directories.tried + files.tried).unwrap_or(usize::MAX);
    let mut findings = Findings::among(tried, "writes succeeded where they must not");
    let declared = |path: &str| {
        seen.declared.writable.iter().any(|writable| {
            path == writable.path || path.starts_with(&format!("{}/", writable.path))
        })
    };
    let mut places = Vec::new();
    for place in &directories.writable {
        if declared(&place.path) || is_shared_memory(&place.path, &place.fs_type) {
            places.push(format!("{} ({})", place.path, place.fs_type));
        } else {
            let found = format!("a file could be made on {}", place.fs_type);
            findings.offence(&place.path, "not writable", found, None);
        }
    }
    for file in &files.writable {
        let found = format!("could be opened for writing; it is code: {}", file.because);
        findings.offence(&file.path, "not writable", found, None);
    }
    for folder in &directories.unlisted {
        findings.offence(
            folder,
            "looked into",
            "it could not be listed, so nothing is known",
            None,
        );
    }
    if let Some(stopped) = &seen.attempts.stopped {
        findings.offence(
            "/",
            "everything tried",
            format!("stopped early: {stopped:?}"),
            None,
        );
    }
    places.sort();
    findings.noting(format!("writable as declared: {}", list(&places)))
}

/// `/dev/shm` is the runtime's own memory, which the OCI runtime specification demands for Linux
/// (default filesystems); no image can decline it. Whether a program runs from it is IMM-114's.
fn is_shared_memory(path: &str, fs_type: &str) -> bool {
    path == "/dev/shm" && fs_type == "tmpfs"
}

fn list(places: &[String]) -> String {
    if places.is_empty() {
        "nothing".to_owned()
    } else {
        places.join(", ")
    }
}
