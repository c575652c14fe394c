//! KUB-001: the cluster's own policy admits the image.

use engine::Admission;
use model::{CheckInfo, Method, Severity};

use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "KUB-001",
    title: "admitted under `restricted` by the cluster itself",
    severity: Severity::High,
    method: Method::Platform,
    rationale: "an image that needs exceptions is turned away by every cluster that enforces the \
                standard, whatever a manifest says about it",
    procedure: "the run's namespace asks the cluster to enforce the Pod Security Standard \
                `restricted`; a privileged pod is tried there first and must be refused, which \
                shows that the policy is in force; then the image is run there as its spec says, \
                and must be admitted",
    remediation: "let the spec's `user` be another than root, and need no capability",
    references: &["Kubernetes: Pod Security Standards, Restricted", "KEP-2579"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "platforms/tests/contract/cluster.rs: is_refused_as_root",
};

pub(super) fn look(admission: &Admission) -> Findings {
    let policy = &admission.policy;
    let mut findings = Findings::among(1, "pods were refused");
    if !policy.enforced {
        findings.undecided(&policy.standard, "in force", &policy.words);
    }
    findings.noting(format!(
        "{}; to a privileged pod: {}",
        policy.standard, policy.words
    ))
}
