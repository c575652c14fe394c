//! Density: what does one more container cost?
//!
//! Sources of the method: marginal cost by the slope of memory over containers rather than by one
//! container's figure (the first toucher pays for shared pages), Theil-Sen for robustness.

mod judge;
mod observe;

use async_trait::async_trait;
use engine::{Judgement, Judging, ObserveError, Observing, Suite};
use model::{CheckInfo, Method, PlannedCell, Profile, Severity};

/// The suite.
pub(crate) struct Density;

/// Memory of one more container.
pub(crate) const MARGINAL: CheckInfo = CheckInfo {
    id: "density.memory.marginal",
    title: "one more container needs no more memory than the baseline's",
    severity: Severity::High,
    method: Method::Comparison,
    rationale: "memory per container decides how many fit on a node; a smaller image on disk says \
                nothing about it, since unread files cost no memory",
    procedure: "containers are started in steps, the session's memory (everything charged to its \
                control group but inactive file pages, or the sum of proportional set sizes where \
                there is none) is read at each step, arms in random order in every pass; the ratio of the \
                slopes with its 95 % interval must lie below one plus the profile's margin",
    remediation: "compare the processes and the mapped files of both arms: a shell kept as parent, \
                  another allocator or larger heaps are the usual reasons",
    references: &["measurement protocol, section density"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "images/controls/more-memory.yaml",
};

/// Disk per image.
pub(crate) const DISK: CheckInfo = CheckInfo {
    id: "density.disk.image",
    title: "the image is not larger than the baseline",
    severity: Severity::Medium,
    method: Method::Count,
    rationale: "a cut that is larger than what it was cut from is a mistake",
    procedure: "bytes of the files of the merged tree of both arms are counted in the layouts; the \
                candidate's must not exceed the baseline's by more than the profile's margin",
    remediation: "look which paths only the candidate has: `certify show image`",
    references: &["measurement protocol, section density"],
    good_fixture: "images/python.yaml",
    bad_fixture: "suites/tests/density.rs: a baseline smaller than the candidate",
};

/// Whether memory has no meaning for a cell, as for a program that ends by itself.
fn is_memory_meaningless(cell: &PlannedCell) -> bool {
    let mut beside = cell
        .checks
        .iter()
        .filter(|check| check.inapplicable.is_some());
    beside.any(|check| check.id.as_str() == MARGINAL.id)
}

#[async_trait]
impl Suite for Density {
    fn name(&self) -> &'static str {
        "density"
    }

    fn question(&self) -> &'static str {
        "Does one more container need more memory or disk than the same software installed whole?"
    }

    fn checks(&self) -> Vec<&'static CheckInfo> {
        vec![&MARGINAL, &DISK]
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn self_comparisons(&self) -> u32 {
        1
    }

    fn explain(&self, profile: &Profile) -> Vec<String> {
        let plan = &profile.density;
        vec![
            format!(
                "In each of {} passes every arm (candidate, baseline, baseline again; random \
                 order) is started up to {} containers, and after {} ms of rest at each of the \
                 steps {:?} the memory of all containers together is read. The number is the ratio \
                 of the slopes: what one more container costs, not what the first one costs.",
                plan.passes,
                plan.steps.last().copied().unwrap_or(0),
                plan.settle_ms,
                plan.steps
            ),
            "Memory is the working set of the session's control group: everything charged to it but \
             inactive file pages, summed up from the kernel's page counts, so that pages which the \
             kernel charges ahead (up to 64 for each processor and group) are not in it. Without a \
             control group (a normal user) it is the sum of proportional set sizes, and the report \
             says so. Sums of resident sets are never used: they count shared pages again and \
             again."
                .to_owned(),
            "Disk is counted exactly in the layouts: bytes of files, and bytes of compressed \
             layers. Equal programs need equal memory; the smaller image saves disk and transfer."
                .to_owned(),
        ]
    }

    async fn observe(&self, observing: &Observing<'_>) -> Result<(), ObserveError> {
        observe::passes(observing).await
    }

    fn invalid(&self, judging: &Judging<'_>) -> Option<String> {
        judge::invalid(judging)
    }

    fn judge(&self, judging: &Judging<'_>) -> Judgement {
        judge::judge(judging)
    }
}
