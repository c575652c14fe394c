//! IMM-008: the configured user is numeric and not root.

use model::{CheckInfo, Method, Severity};
use rootfs::read::Accounts;

use super::Subject;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-008",
    title: "runs as a numeric user that is not root",
    severity: Severity::High,
    method: Method::Static,
    rationale: "root inside is one kernel flaw away from root outside, and a cluster's \
                `runAsNonRoot` refuses a user it cannot read as a number",
    procedure: "`User` of the image configuration is resolved through the image's own passwd and \
                group files: it must be numeric, its uid must not be 0, and no other account may \
                share uid 0",
    remediation: "set `user: \"65532:65532\"` in the spec",
    references: &["CIS Docker 4.1", "PSS restricted: runAsNonRoot"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "images/controls/root-user.yaml",
};

pub(super) fn look(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::among(1, "configured users are root or not numeric");
    let accounts = Accounts::of(subject.tree);
    let wanted = "a numeric user that is not 0";
    match accounts.run_as(subject.user) {
        Ok(who) if who.uid == 0 => {
            findings.offence(
                "config.User",
                wanted,
                format!("`{}` is root", subject.user),
                None,
            );
        }
        Ok(who) if !who.is_numeric => {
            let found = format!("`{}` is a name (uid {})", subject.user, who.uid);
            findings.offence("config.User", wanted, found, None);
        }
        Ok(_) => {}
        Err(why) => findings.offence("config.User", wanted, why, None),
    }
    for name in accounts.other_names_of_root() {
        findings.offence(
            "/etc/passwd",
            "one account with uid 0",
            format!("`{name}` too"),
            None,
        );
    }
    findings.noting(format!("user {}", subject.user))
}
