//! The driver against its transcripts.

use super::*;
use crate::snap::SnapImages;
use crate::snap::tests::{Delivery, absent, run, silent_port, unopened};
use crate::standin::StandIn;

const SOCKET: &str = "/run/containerd/containerd.sock";

/// The snap of a stand-in, with the arguments that its kubelet was started with.
fn canonical(standin: &StandIn) -> CanonicalK8s {
    let kubelet = standin.path("kubelet");
    let text = format!("--container-runtime-endpoint=\"{SOCKET}\"\n");
    fs_err::write(&kubelet, text).unwrap();
    CanonicalK8s {
        installed: Some(Installed {
            program: standin.path("k8s"),
            ctr: standin.path("ctr"),
            kubelet,
        }),
        answer: ANSWER,
    }
}

fn plays(transcript: &str) -> StandIn {
    StandIn::of(&["k8s", "ctr"]).plays(transcript)
}

/// Why it is not to be used, by the word of one transcript, in which every call was expected.
async fn refused(transcript: &str) -> (String, String) {
    let standin = plays(transcript);
    let (why, remedy) = absent(canonical(&standin)).await;
    assert!(!why.contains("STAND-IN"), "{why}");
    (why, remedy)
}

#[tokio::test]
async fn another_program_of_the_name_is_never_called() {
    if snap::files("k8s").is_some() {
        return;
    }
    let usual = CanonicalK8s {
        installed: None,
        answer: ANSWER,
    };
    let (why, remedy) = absent(usual).await;
    assert!(why.contains("not installed"), "{why}");
    assert!(remedy.contains("snap install k8s"), "{remedy}");
}

#[tokio::test]
async fn what_it_says_of_itself_decides_and_what_would_help_is_told() {
    for (transcript, word, help) in [
        ("not_bootstrapped", "sudo k8s bootstrap", "k8s bootstrap"),
        (
            "no_permission",
            "re-run the command with sudo",
            "run as root",
        ),
        ("k8sd_down", "connection refused", "services"),
        ("not_ready", "its status is not told", "--wait-ready"),
        (
            "failed",
            "its status is failed; dns: enabled at",
            "k8s inspect",
        ),
        ("no_kubeconfig", "context deadline exceeded", "k8s inspect"),
        ("another_k8s", "usage: k8s", "k8s inspect"),
    ] {
        let (why, remedy) = refused(&format!("canonical-k8s/{transcript}")).await;
        assert!(why.contains(word), "{transcript}: {why}");
        assert!(remedy.contains(help), "{transcript}: {remedy}");
    }
}

#[tokio::test]
async fn what_hangs_is_killed() {
    let standin = plays("canonical-k8s/hangs");
    let hurried = CanonicalK8s {
        answer: Duration::from_secs(2),
        ..canonical(&standin)
    };
    let (why, _) = absent(hurried).await;
    assert!(why.contains("did not end within 2 s"), "{why}");
    assert!(standin.child_is_killed().await);
}

#[tokio::test]
async fn ready_is_understood_up_to_the_api_server() {
    let port = silent_port();
    let holes = [("port", port.as_str())];
    let standin = StandIn::of(&["k8s", "ctr"]).plays_with("canonical-k8s/ready", &holes);
    let running = canonical(&standin)
        .look(Patience::UntilReady)
        .await
        .unwrap();
    assert_eq!(running.facts["canonical-k8s.datastore"], "etcd");
    assert_eq!(running.facts["canonical-k8s.status"], "ready");
    assert_eq!(running.facts["cni"], "cilium 1.17.1-ck0 enabled");
    let (why, _) = absent(canonical(&standin)).await;
    assert!(why.contains("its API server does not answer"), "{why}");
    let why = unopened(canonical(&standin)).await;
    assert!(
        why.contains("could not open a session on canonical-k8s"),
        "{why}"
    );
    assert!(why.contains(&port), "{why}");
}

#[tokio::test]
async fn without_a_kubelet_no_containerd_is_guessed() {
    let standin = plays("canonical-k8s/ready");
    let canonical = canonical(&standin);
    fs_err::write(standin.path("kubelet"), "--root-dir=\"/var/lib/kubelet\"\n").unwrap();
    let missing = canonical.containerd().unwrap_err();
    assert!(
        missing.why.contains("--container-runtime-endpoint"),
        "{missing:?}"
    );
    let why = unopened(canonical).await;
    assert!(
        why.contains("which containerd its kubelet uses is not known"),
        "{why}"
    );
    assert!(standin.calls().is_empty());
}

#[tokio::test]
async fn images_go_by_its_own_ctr_and_are_looked_at() {
    for (transcript, wanted) in [
        ("import_fine", Ok(())),
        (
            "import_into_nothing",
            Err("there is no image certify.invalid/hello:"),
        ),
        ("containerd_down", Err("context deadline exceeded")),
    ] {
        let delivery = Delivery::make();
        let holes = [
            ("name", Delivery::name()),
            ("digest", delivery.manifest.to_string()),
            ("socket", SOCKET.to_owned()),
        ];
        let holes = holes
            .each_ref()
            .map(|(hole, filling)| (*hole, filling.as_str()));
        let transcript = format!("canonical-k8s/{transcript}");
        let standin = StandIn::of(&["k8s", "ctr"]).plays_with(&transcript, &holes);
        let images = SnapImages {
            containerd: canonical(&standin).containerd().unwrap(),
            to_every_node: None,
            run: run(),
        };
        let brought = delivery.by(&images).await;
        let import = format!("ctr --address {SOCKET} --namespace k8s.io images import -");
        assert_eq!(standin.calls()[0], import);
        match (brought, wanted) {
            (Ok(reference), Ok(())) => assert_eq!(reference.name, Delivery::name()),
            (Err(why), Err(word)) => assert!(why.contains(word), "{transcript}: {why}"),
            (brought, _) => panic!("{transcript}: {brought:?}"),
        }
    }
}
