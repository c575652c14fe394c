//! IMM-001: no shell.

use model::{CheckInfo, Method, Severity};
use rootfs::read;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-001",
    title: "no shell",
    severity: Severity::High,
    method: Method::Static,
    rationale: "a shell is what an intruder reaches for first, and what turns one writable file \
                into a running program",
    procedure: "in the merged tree of all layers every executable file and every link to one is \
                compared with the known shells by name and by ELF identity (busybox and toybox \
                multicall programs included)",
    remediation: "leave the shell's slice out; replace a shell script as entrypoint by the program \
                  it starts",
    references: &["NIST SP 800-190 4.1.2", "CIS Docker 4.3"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "images/controls/shell-inside.yaml",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(subject.tree.len(), "entries are a shell");
    for shell in read::shells(subject.tree) {
        let owner = subject.owner(&shell.path);
        findings.offence(
            &shell.path,
            "no shell",
            format!("{} ({})", shell.what, shell.why),
            owner,
        );
    }
    findings
}
