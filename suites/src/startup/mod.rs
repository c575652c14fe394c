//! Startup: does the image start as fast as the same software installed whole?
//!
//! Sources of the method: randomized multiple interleaved trials (Abedi and Brecht, ICPE 2017),
//! effect-size intervals rather than p-values (Laaber et al., EMSE 2019), a comparison of the
//! baseline with itself in every session.

mod judge;
mod observe;
mod readings;
mod round;

use async_trait::async_trait;
use engine::{Judgement, Judging, ObserveError, Observing, Suite};
use model::{CheckInfo, Method, Profile, Severity};

/// The suite.
pub(crate) struct Startup;

/// Time to the first correct response byte, warm.
pub(crate) const APP_READY: CheckInfo = CheckInfo {
    id: "startup.warm.app-ready",
    title: "warm start is not slower than the baseline",
    severity: Severity::High,
    method: Method::Comparison,
    rationale: "an image that starts slower than the software it replaces costs every scale-up \
                and every restart; a cut that loses bytecode or caches does exactly that",
    procedure: "rounds of three starts in random order (candidate, baseline, baseline again), \
                each from the request to the runtime to the first correct response byte seen by a \
                prober that polls every millisecond inside the container's network; the ratio's \
                95 % interval (Hodges-Lehmann, signed rank, paired by round) must lie below one \
                plus the profile's margin",
    remediation: "compare what both arms do before they answer: missing bytecode, caches or \
                  locale data are the usual reasons",
    references: &["measurement protocol, section startup"],
    good_fixture: "images/valkey.yaml",
    bad_fixture: "images/controls/slow-start.yaml",
};

/// When enough rounds were made; observing stops by it and judging holds the samples against it.
fn stop_rule(profile: &Profile, margin: f64) -> stats::StopRule {
    let plan = &profile.startup;
    stats::StopRule::new(
        margin,
        plan.half_width_of_margin,
        plan.min_rounds as usize,
        plan.plan_rounds as usize,
    )
}

#[async_trait]
impl Suite for Startup {
    fn name(&self) -> &'static str {
        "startup"
    }

    fn question(&self) -> &'static str {
        "Does it start as fast as the same software installed whole?"
    }

    fn checks(&self) -> Vec<&'static CheckInfo> {
        vec![&APP_READY]
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn self_comparisons(&self) -> u32 {
        // First instruction and app-ready.
        2
    }

    fn explain(&self, profile: &Profile) -> Vec<String> {
        let plan = &profile.startup;
        vec![
            format!(
                "Warm starts only: the image is unpacked and its pages are cached. Each round \
                 starts the candidate, the baseline and the baseline again, one after the other in \
                 random order; {} round(s) at the beginning are thrown away. Between trials the \
                 last container is awaited until it is gone, then the processor is kept awake for \
                 {} ms, so that every trial meets the same state.",
                plan.warmup_rounds, plan.settle_ms
            ),
            "A start is timed on CLOCK_MONOTONIC of the node: from just before the runtime is \
             asked, to the first instruction (a static stamper in front of the untouched \
             entrypoint) and to the first correct response byte (a prober in the same network \
             namespace that polls every millisecond)."
                .to_owned(),
            "On Kubernetes a start is timed in two parts, on the node's own clocks. The cluster's \
             part: from the kubelet's request to start the prepared container (nanoseconds in the \
             name of its event `Created`) to the first instruction. The image's part, which is \
             judged, is timed in the same pod when kubelet, runtime and control plane have finished \
             their own work. A pod holds a container of every arm, each with its image's own user, \
             rights, mounts and limits. In each a static program stands in place of the entrypoint \
             and runs it again and again, in turn with the others, candidate and baseline \
             alternating, each time from exec to the first correct response byte: what is compared \
             happened side by side. The median of a container's starts is its value, and each is \
             kept. A container whose image, node or restarts are not as planned, \
             or whose events did not arrive, is rejected and counted."
                .to_owned(),
            format!(
                "The number is the Hodges-Lehmann estimate of the ratio candidate / baseline over \
                 rounds, with the signed-rank 95 % interval. Rounds go on, at least {} and at most \
                 {}, until that interval and the one of the baseline against itself are narrower \
                 than ± {:.0} % of the margin; the rule looks at widths only, never at the effect. \
                 An interval that stays wider passes nothing: it is inconclusive. \
                 A session in which the baseline differs from itself is repeated {} time(s), then \
                 inconclusive. No sample is dropped; rejected starts are counted with their reason.",
                plan.min_rounds,
                plan.plan_rounds * 2,
                plan.half_width_of_margin * 100.0,
                profile.repeat_invalid_session
            ),
        ]
    }

    async fn observe(&self, observing: &Observing<'_>) -> Result<(), ObserveError> {
        observe::rounds(observing).await
    }

    fn invalid(&self, judging: &Judging<'_>) -> Option<String> {
        judge::invalid(judging)
    }

    fn judge(&self, judging: &Judging<'_>) -> Judgement {
        judge::judge(judging)
    }
}
