//! The driver against its transcripts.

use std::time::Duration;

use model::RunId;

use super::*;
use crate::kubernetes::supply::Supply;
use crate::snap::SnapImages;
use crate::snap::tests::{Delivery, absent, run, silent_port, unopened};
use crate::standin::StandIn;

fn microk8s(standin: &StandIn) -> Microk8s {
    Microk8s {
        program: Some(standin.path("microk8s")),
        answer: ANSWER,
    }
}

fn plays(transcript: &str) -> StandIn {
    StandIn::of(&["microk8s"]).plays(transcript)
}

/// Why it is not to be used, by the word of one transcript, in which every call was expected.
async fn refused(transcript: &str) -> (String, String) {
    let standin = plays(transcript);
    let (why, remedy) = absent(microk8s(&standin)).await;
    assert!(!why.contains("STAND-IN"), "{why}");
    (why, remedy)
}

#[tokio::test]
async fn what_is_not_installed_is_said_to_be_so() {
    let nowhere = Microk8s {
        program: Some("/nowhere/microk8s".into()),
        answer: ANSWER,
    };
    let (why, _) = absent(nowhere).await;
    assert!(why.contains("could not be started"), "{why}");
    if snap::program("microk8s").is_some() {
        return;
    }
    let usual = Microk8s {
        program: None,
        answer: ANSWER,
    };
    let (why, remedy) = absent(usual).await;
    assert!(why.contains("not installed"), "{why}");
    assert!(remedy.contains("snap install microk8s"), "{remedy}");
}

#[tokio::test]
async fn stopped_ends_with_success_and_is_refused() {
    let (why, remedy) = refused("microk8s/stopped").await;
    assert!(why.contains("ended with exit status: 0"), "{why}");
    assert!(
        why.contains("microk8s is not running, try microk8s start"),
        "{why}"
    );
    assert_eq!(remedy, "microk8s start");
    let standin = plays("microk8s/stopped");
    let why = unopened(microk8s(&standin)).await;
    assert!(
        why.contains("could not open a session on microk8s"),
        "{why}"
    );
    assert!(why.contains("microk8s start"), "{why}");
    let waited = "microk8s status --wait-ready --timeout 60 --format yaml";
    assert_eq!(standin.calls(), [waited]);
}

#[tokio::test]
async fn false_as_python_writes_it_is_refused_whatever_the_status() {
    let (why, remedy) = refused("microk8s/not_ready").await;
    assert!(why.contains("running: False"), "{why}");
    assert!(remedy.contains("microk8s inspect"), "{remedy}");
    let standin = plays("microk8s/not_ready_after_waiting");
    let why = unopened(microk8s(&standin)).await;
    assert!(why.contains("exit status: 1"), "{why}");
    assert!(why.contains("running: False"), "{why}");
}

#[tokio::test]
async fn true_with_a_failure_and_neither_true_nor_false_are_not_understood() {
    for (transcript, word) in [
        ("microk8s/running_but_failed", "KeyError: 'version'"),
        ("microk8s/neither", "running: None"),
    ] {
        let (why, _) = refused(transcript).await;
        assert!(why.contains("not understood"), "{why}");
        assert!(why.contains(word), "{why}");
    }
}

#[tokio::test]
async fn without_the_group_it_says_what_would_help() {
    let (why, remedy) = refused("microk8s/no_permission").await;
    assert!(
        why.contains("sudo usermod -a -G microk8s ec2-user"),
        "{why}"
    );
    assert!(remedy.contains("group microk8s"), "{remedy}");
}

#[tokio::test]
async fn a_worker_is_told_to_be_one() {
    for transcript in ["microk8s/worker", "microk8s/worker_later"] {
        let (why, remedy) = refused(transcript).await;
        assert!(why.contains("acting as a node in a cluster"), "{why}");
        assert!(remedy.contains("control plane"), "{remedy}");
    }
    let (why, _) = refused("microk8s/running_without_kubeconfig").await;
    assert!(why.contains("hands out no kubeconfig"), "{why}");
    assert!(
        why.contains("Please use the microk8s config on the master"),
        "{why}"
    );
}

#[tokio::test]
async fn what_hangs_is_killed_with_its_children_and_its_words_are_told() {
    for (transcript, word) in [
        ("microk8s/hangs", "said: nothing"),
        ("microk8s/hangs_after_words", "running: True"),
    ] {
        let standin = plays(transcript);
        let hurried = Microk8s {
            answer: Duration::from_secs(2),
            ..microk8s(&standin)
        };
        let (why, remedy) = absent(hurried).await;
        assert!(why.contains("did not end within 2 s"), "{why}");
        assert!(why.contains(word), "{why}");
        assert_eq!(remedy, "microk8s inspect");
        assert!(standin.child_is_killed().await);
    }
}

#[tokio::test]
async fn running_is_understood_up_to_the_api_server() {
    let port = silent_port();
    let standin = StandIn::of(&["microk8s"]).plays_with("microk8s/running", &[("port", &port)]);
    let microk8s = microk8s(&standin);
    let running = microk8s.look(Patience::UntilReady).await.unwrap();
    assert_eq!(running.line, "MicroK8s v1.28.7 revision 6541");
    assert_eq!(running.facts["microk8s.version"], running.line);
    // A description that is no YAML disturbs nothing; what is disabled is not counted.
    assert_eq!(running.facts["microk8s.addons"], "dns registry hello");
    assert!(running.facts["authorization"].contains("no add-on rbac"));
    assert!(running.facts["microk8s.registry"].contains("referrers"));
    // The rest of the way is the cluster's, and there is none.
    let (why, _) = absent(microk8s).await;
    assert!(why.contains("its API server does not answer"), "{why}");
    assert!(why.contains(&format!("127.0.0.1:{port}")), "{why}");
    let why = unopened(super::tests::microk8s(&standin)).await;
    assert!(
        why.contains("could not open a session on microk8s"),
        "{why}"
    );
}

fn images(standin: &StandIn, is_alone: bool) -> SnapImages {
    let microk8s = microk8s(standin);
    let program = microk8s.find().unwrap();
    SnapImages {
        containerd: microk8s.containerd().unwrap(),
        to_every_node: is_alone.then(|| program.with(&["images", "import", "-"])),
        run: run(),
    }
}

/// Brings an image by the words of a transcript; what came of it, and what was called.
async fn brought(transcript: &str, is_alone: bool) -> (Result<(), String>, StandIn) {
    let delivery = Delivery::make();
    let holes = [
        ("name", Delivery::name()),
        ("digest", delivery.manifest.to_string()),
    ];
    let holes = holes
        .each_ref()
        .map(|(hole, filling)| (*hole, filling.as_str()));
    let standin = StandIn::of(&["microk8s"]).plays_with(transcript, &holes);
    let brought = delivery.by(&images(&standin, is_alone)).await;
    let reference = brought.map(|reference| {
        assert_eq!(reference.name, Delivery::name());
        assert_eq!(reference.pull, "Never");
        assert_eq!(reference.digests[0], delivery.manifest.to_string());
    });
    (reference, standin)
}

#[tokio::test]
async fn an_import_that_only_prints_its_failure_is_a_failure() {
    for (transcript, word) in [
        ("microk8s/import_unreachable", "ECONNRESET"),
        (
            "microk8s/import_refused",
            "microk8s.ctr command failed: exit status 1",
        ),
        ("microk8s/import_without_nodes", "Could not query for nodes"),
    ] {
        let (brought, standin) = brought(transcript, true).await;
        let why = brought.unwrap_err();
        assert!(
            why.contains("there is no image certify.invalid/hello:"),
            "{why}"
        );
        assert!(why.contains(word), "{why}");
        assert_eq!(standin.calls()[0], "microk8s images import -");
        assert_eq!(standin.calls().len(), 2);
    }
}

#[tokio::test]
async fn an_image_that_is_another_or_not_whole_is_none() {
    let (brought_one, _) = brought("microk8s/import_of_another", true).await;
    let why = brought_one.unwrap_err();
    assert!(why.contains("sha256:aaaa"), "{why}");
    assert!(why.contains("it should be sha256:"), "{why}");
    let (brought_half, _) = brought("microk8s/import_incomplete", true).await;
    let why = brought_half.unwrap_err();
    assert!(why.contains("is incomplete"), "{why}");
}

#[tokio::test]
async fn an_image_that_is_there_is_delivered() {
    let (brought_alone, _) = brought("microk8s/import_fine", true).await;
    brought_alone.unwrap();
    // Where there are more nodes, only this host's gets it.
    let (brought_here, standin) = brought("microk8s/ctr_import_fine", false).await;
    brought_here.unwrap();
    assert_eq!(standin.calls()[0], "microk8s ctr images import -");
    let (refused, _) = brought("microk8s/ctr_import_unrecognized", false).await;
    let why = refused.unwrap_err();
    assert!(why.contains("ctr: unrecognized image format"), "{why}");
}

#[tokio::test]
async fn an_import_is_fed_the_archive() {
    let delivery = Delivery::make();
    let standin = plays("microk8s/import_fine");
    let images = images(&standin, true);
    let program = images.to_every_node.clone().unwrap();
    fs_err::write(delivery.archive(), [7; 5000]).unwrap();
    let said = program
        .feed(&[], &delivery.archive(), ANSWER)
        .await
        .unwrap();
    assert!(said.is_success());
    assert_eq!(standin.fed(), 5000);
}

#[tokio::test]
async fn a_sweep_takes_our_images_and_looks_afterwards() {
    let run = run();
    let holes = [("run", run.as_str())];
    let standin = StandIn::of(&["microk8s"]).plays_with("microk8s/sweep", &holes);
    images(&standin, true).remove().await.unwrap();
    let rm = format!("microk8s ctr images rm certify.invalid/probe:{run} sha256:77");
    assert_eq!(standin.calls()[1], rm);
    let standin = StandIn::of(&["microk8s"]).plays_with("microk8s/sweep_leaves", &holes);
    let why = images(&standin, true).remove().await.unwrap_err();
    assert!(why.contains("still there: certify.invalid/probe:"), "{why}");
}

#[test]
fn a_sweep_touches_no_other_run_and_nothing_else() {
    let stranger = RunId::new("20260101t000000z-ffff").unwrap();
    for object in [
        "images of run 20260101t000000z-abcd in microk8s of this host",
        "namespace kube-system in microk8s of this host",
        "namespace certify-20260101t000000z-ffff in canonical-k8s of this host",
    ] {
        let why = snap::remove(&MICROK8S.0, &stranger, object).unwrap_err();
        assert!(why.contains("not touched"), "{why}");
    }
}
