//! A pod that the cluster does not bring up, takes away, or does not let go.

use crate::cases::{Case, all, places};
use crate::expected::Effect;
use crate::scene::faultless;
use crate::script::{PodFault, Script};

fn strike(what: &str, fault: PodFault, effect: Effect, words: &'static [&'static str]) {
    let cases = places(faultless().pods).into_iter().map(|number| Case {
        script: Script {
            pod: Some((number, fault)),
            ..Script::default()
        },
        effect,
        words,
    });
    all(what, cases.collect());
}

#[test]
fn an_image_that_cannot_be_pulled_is_the_clusters_doing() {
    let words = &["ImagePullBackOff: Back-off pulling image: registry answers 503"];
    strike(
        "pull back-off",
        PodFault::PullBackOff,
        Effect::Unavailable,
        words,
    );
}

#[test]
fn a_pod_that_no_node_takes_is_told_with_the_schedulers_words() {
    let words = &["Unschedulable: 0/1 nodes are available: 1 Insufficient memory"];
    strike(
        "unschedulable",
        PodFault::Unschedulable,
        Effect::Unavailable,
        words,
    );
}

#[test]
fn a_pod_that_is_evicted_before_it_runs_is_told_with_the_kubelets_words() {
    let words = &["Evicted: The node was low on resource: memory"];
    strike(
        "evicted, waiting",
        PodFault::EvictedWaiting,
        Effect::Unavailable,
        words,
    );
}

#[test]
fn a_pod_that_is_evicted_while_it_runs_is_told_or_measured_again() {
    let words = &["Evicted: The node was low on resource: memory"];
    strike(
        "evicted, running",
        PodFault::EvictedRunning,
        Effect::Either,
        words,
    );
}

#[test]
fn a_pod_that_a_finalizer_holds_is_told_and_named() {
    let words = &["example.invalid/hold"];
    strike("held", PodFault::Held, Effect::Unavailable, words);
}
