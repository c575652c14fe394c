//! KUB-002: the cluster ran what was certified, where it was planned, once.

use engine::Admission;
use model::{CheckInfo, Method, Severity};

use crate::immutability::findings::Findings;

pub(crate) const INFO: CheckInfo = CheckInfo {
    id: "KUB-002",
    title: "the cluster ran the certified digest",
    severity: Severity::High,
    method: Method::Platform,
    rationale: "a tag can move, a node can hold an older image, an admission webhook can put \
                another one in its place",
    procedure: "the image id that the node's runtime reports for the running container must be \
                the certified manifest or its configuration, the node the planned one, and the \
                count of restarts zero",
    remediation: "look for webhooks that rewrite images, and for images that end and are started \
                  again",
    references: &["Kubernetes API: ContainerStatus.imageID"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "suites/tests/immutability.rs: a_clusters_words_are_judged",
};

pub(super) fn look(admission: &Admission) -> Findings {
    let mut findings = Findings::among(3, "statements differ");
    if let Some(why) = &admission.impostor {
        findings.offence("pod", "as planned", why, None);
    }
    findings.noting(format!("{} on {}", admission.image_id, admission.node))
}
