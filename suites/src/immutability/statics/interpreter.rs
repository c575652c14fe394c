//! IMM-002: no interpreter beyond the declared runtime.

use model::{CheckInfo, Method, Severity};
use rootfs::read;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-002",
    title: "no interpreter beyond the declared runtime",
    severity: Severity::High,
    method: Method::Static,
    rationale: "an interpreter runs whatever text an intruder can place or send, without any file \
                being made executable",
    procedure: "executable files and links to them are compared with the known language \
                interpreters by name, ELF files by shared-library identity (SONAME and NEEDED) and \
                by texts of the interpreters' own code, so that one linked into a program or a \
                module is found; the spec's `interpreters` are allowed; not found is an unknown \
                interpreter, or one that was renamed and holds none of the texts",
    remediation: "leave the interpreter's slice out, or declare it in the spec's `interpreters` if \
                  it is what the image is for",
    references: &["NIST SP 800-190 4.1.2"],
    good_fixture: "images/python.yaml: interpreters: [python]",
    bad_fixture: "suites/src/immutability/statics/tests.rs: an undeclared interpreter",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let declared = &subject.spec.interpreters;
    let mut findings = Findings::among(subject.tree.len(), "entries are an undeclared interpreter");
    for found in read::interpreters(subject.tree) {
        if !declared.iter().any(|name| name == found.what) {
            let owner = subject.owner(&found.path);
            findings.offence(
                &found.path,
                format!("only {}", list(declared)),
                format!("{} ({})", found.what, found.why),
                owner,
            );
        }
    }
    findings.noting(format!("declared: {}", list(declared)))
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
