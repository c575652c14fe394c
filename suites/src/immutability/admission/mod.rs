//! Checks of what a cluster says: whether its own policy admits the image as the spec runs it, and
//! whether it ran what was certified. One property, one file.

mod admitted;
mod certified;

use engine::Admission;
use model::{CheckInfo, CheckResult, Evidence, Outcome};

use super::findings::Findings;

/// A check of a cluster's words: its page and how it looks.
pub(crate) type AdmissionCheck = (&'static CheckInfo, fn(&Admission) -> Findings);

/// Every check of this kind.
pub(crate) static CHECKS: &[AdmissionCheck] = &[
    (&admitted::INFO, admitted::look),
    (&certified::INFO, certified::look),
];

/// The results for an image that the cluster's policy refused with these words.
pub(crate) fn refused(image: &str, words: &str) -> Vec<CheckResult> {
    let evidence = Evidence {
        subject: image.to_owned(),
        expected: "admitted".to_owned(),
        found: words.to_owned(),
        owner: None,
    };
    let message = format!("the cluster refuses it: {words}");
    let by_policy =
        CheckResult::with_evidence(&admitted::INFO, Outcome::Fail, message, vec![evidence]);
    let message = "the cluster refuses to run it";
    vec![
        by_policy,
        CheckResult::new(&certified::INFO, Outcome::Blocked, message),
    ]
}
