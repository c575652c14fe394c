//! A kind cluster that is made for a session and gone after it. Class `cluster`.
//!
//! The program `kind` and the image of the nodes are the test bed's.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::process::Command;

use camino::Utf8Path;
use engine::{Detection, OpenRequest, Platform, Stamper};
use futures::FutureExt;
use model::{ClusterCreation, ClusterSettings, RunId};

use crate::cluster::{serves_and_is_seen, start};
use crate::ground::{Ground, delivery, request, skipped};
use crate::{block_on, platform, work};

/// Tells the copy of this program that has kind on PATH which image its nodes are of.
const IMAGE: &str = "CERTIFY_TEST_NODE_IMAGE";
const TEST: &str = "own_cluster::kind_makes_one_and_takes_it_away";

#[test]
fn kind_makes_one_and_takes_it_away() {
    if let Ok(image) = std::env::var(IMAGE) {
        made(&image);
        return;
    }
    let Some(programs) = programs() else {
        skipped("cluster", "no test bed; cargo xtask testbed up");
        return;
    };
    let format = "{{.Config.Image}}";
    let Some(image) = docker(&["inspect", "--format", format, "certify-control-plane"]) else {
        skipped(
            "cluster",
            "the test bed's cluster does not run; cargo xtask testbed up",
        );
        return;
    };
    let path = std::env::var("PATH").unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(IMAGE, image.trim())
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let complained = String::from_utf8_lossy(&ended.stderr).into_owned();
    for line in complained
        .lines()
        .filter(|line| line.starts_with("skipped ("))
    {
        println!("{line}");
    }
    assert!(ended.status.success(), "{said}\n{complained}");
}

/// Where the test bed keeps kind.
fn programs() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let folder = cache.or_else(home)?.join("certify-testbed/bin");
    folder.join("kind").exists().then_some(folder)
}

/// What docker's client says, if it can.
fn docker(words: &[&str]) -> Option<String> {
    let address = std::env::var("DOCKER_HOST")
        .unwrap_or_else(|_| "unix:///run/certify-testbed/docker.sock".to_owned());
    let output = Command::new("docker")
        .arg("-H")
        .arg(address)
        .args(words)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// Containers of the cluster of a run.
fn containers(run: &RunId) -> String {
    let filter = format!("label=io.x-k8s.kind.cluster=certify-run-{run}");
    docker(&["ps", "-a", "-q", "--filter", &filter]).unwrap()
}

fn made(image: &str) {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform("kind");
    let work = work(&ground, "own");
    block_on(async {
        let run = RunId::new(format!("test{}-own-end", std::process::id())).unwrap();
        let config = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed/kind.yaml");
        let cluster = ClusterSettings {
            create: Some(ClusterCreation {
                config: Some(config.into_string()),
                image: Some(image.to_owned()),
                labels: [("team".to_owned(), "blue".to_owned())].into(),
            }),
            ..ClusterSettings::default()
        };
        let around = engine::Surroundings {
            cluster: cluster.clone(),
            ..Ground::surroundings(&ground.folder)
        };
        match platform.detect(&around).await {
            Detection::Available(line) => assert!(line.contains("would make a cluster"), "{line}"),
            Detection::Absent { why, .. } => panic!("{why}"),
        }
        assert_eq!(containers(&run), "", "detection makes nothing");
        let request = OpenRequest {
            cluster,
            ..request(&ground.folder, &work, &run)
        };
        fails_and_leaves_nothing(platform, &request).await;
        let ledger = request.ledger.clone();
        let session = platform.open(request).await.unwrap();
        let cluster = ledger.left();
        let cluster = cluster
            .iter()
            .find(|one| one.name.starts_with("cluster certify-run-"));
        let cluster = cluster.expect("announced").clone();
        let image = delivery(&ground.folder, &work, "polite");
        let checks = async {
            let facts = &session.facts().facts;
            assert_eq!(facts["kind.cluster"], format!("certify-run-{run}"));
            session.deliver(&image).await.unwrap();
            serves_and_is_seen(session.as_ref()).await;
            drop(start(session.as_ref(), "polite", "forgotten", Stamper::Absent).await);
            // Another run finds the cluster that was there, never this one.
            let found = platform.detect(&Ground::surroundings(&ground.folder)).await;
            let Detection::Available(line) = found else {
                panic!("{found:?}");
            };
            assert!(line.starts_with("certify at "), "{line}");
            let stranger = RunId::new("20260101t000000z-abcd").unwrap();
            assert!(platforms::sweep(&stranger, &cluster.kind, &cluster.name).is_err());
        };
        let checked = AssertUnwindSafe(checks).catch_unwind().await;
        let closed = session.close().await;
        if let Err(failed) = checked {
            platforms::sweep(&run, &cluster.kind, &cluster.name).unwrap();
            resume_unwind(failed);
        }
        closed.unwrap();
        assert_eq!(ledger.left(), []);
        assert_eq!(containers(&run), "");
        // What is gone is swept without a word.
        platforms::sweep(&run, &cluster.kind, &cluster.name).unwrap();
    });
}

/// An image of nodes that nobody has: kind fails after it began, and nothing is left.
async fn fails_and_leaves_nothing(platform: &dyn Platform, request: &OpenRequest) {
    let mut request = request.clone();
    if let Some(create) = &mut request.cluster.create {
        create.image = Some("certify.invalid/no-such-node:1".to_owned());
    }
    let run = request.run.clone();
    let ledger = request.ledger.clone();
    let error = platform.open(request).await.err().unwrap();
    assert!(error.why.contains("kind create cluster"), "{error}");
    assert!(
        error.why.contains("certify.invalid/no-such-node"),
        "{error}"
    );
    assert_eq!(error.residue, engine::Residue::Nothing, "{error}");
    assert_eq!(ledger.left(), []);
    assert_eq!(containers(&run), "");
}
