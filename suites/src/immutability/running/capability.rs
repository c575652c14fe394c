//! IMM-109: no capabilities.

use model::{CheckInfo, Method, Severity};

use super::Seen;
use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "IMM-109",
    title: "no capabilities",
    severity: Severity::High,
    method: Method::Kernel,
    rationale: "a capability is a piece of root",
    procedure: "CapEff, CapPrm, CapInh, CapBnd and CapAmb of the container's first process are \
                read from /proc; each must be 0",
    remediation: "drop all capabilities; a port above 1023 needs none",
    references: &["PSS restricted: capabilities", "CIS Kubernetes 5.2.8"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/flawed/flaws.rs: a container that keeps CAP_NET_RAW",
};

pub(super) fn look(seen: &Seen) -> Findings {
    let sets = seen.facts.status.capabilities;
    let named = [
        ("CapEff", sets.effective),
        ("CapPrm", sets.permitted),
        ("CapInh", sets.inheritable),
        ("CapBnd", sets.bounding),
        ("CapAmb", sets.ambient),
    ];
    let mut findings = Findings::among(named.len(), "capability sets are not empty");
    for (name, bits) in named {
        if bits != 0 {
            findings.offence(name, "0", format!("{bits:016x}"), None);
        }
    }
    findings
}
