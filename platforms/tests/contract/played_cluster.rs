//! The driver of MicroK8s through a whole session, as far as that goes without the snap. Class `cluster`.
//!
//! A program `microk8s` on PATH plays the command line: status and version by the transcript, the
//! kubeconfig and the containerd of a node of the test bed's cluster behind it. Everything after the
//! words is real: the API server, the import, the look at what was imported, pods, the sweep. It shows
//! nothing of a real MicroK8s: neither its networking nor its kubelet nor its confinement.

use std::os::unix::fs::PermissionsExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::Command;

use engine::{Detection, Stamper};
use futures::FutureExt;
use model::{ClusterSettings, RunId};

use crate::cluster::{is_timed_in_turn, serves_and_is_seen, start};
use crate::ground::{Ground, close, delivery, request, skipped};
use crate::kubectl::Kubectl;
use crate::{block_on, platform, work};

/// Tells the copy of this program that has the played one on PATH which node is behind it.
const NODE: &str = "CERTIFY_TEST_NODE";
const TEST: &str = "played_cluster::microk8s_around_a_node_of_kind";

#[test]
fn microk8s_around_a_node_of_kind() {
    if let Ok(node) = std::env::var(NODE) {
        session(&node);
        return;
    }
    let _alone = crate::alone_in_the_cluster();
    let Some(kubectl) = Kubectl::find() else {
        skipped("cluster", "no test bed; cargo xtask testbed up");
        return;
    };
    let Some(docker) = docker() else {
        skipped("cluster", "no client of docker on PATH");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let nodes = kubectl.run(&["get", "nodes", "--output", "name"]);
    // The control plane comes first by name, and takes no pods where there are workers.
    let node = nodes.lines().last().unwrap().trim_start_matches("node/");
    play(folder.path(), &kubectl, &docker, node);
    let path = std::env::var("PATH").unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(NODE, node)
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let complained = String::from_utf8_lossy(&ended.stderr).into_owned();
    // A skip of the copy is this one's.
    for line in complained
        .lines()
        .filter(|line| line.starts_with("skipped ("))
    {
        println!("{line}");
    }
    assert!(ended.status.success(), "{said}\n{complained}");
}

/// The client of docker, with where it is told to go.
fn docker() -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("docker"));
    let found = found.into_iter().find(|program| program.is_file())?;
    let address = std::env::var("DOCKER_HOST")
        .unwrap_or_else(|_| "unix:///run/certify-testbed/docker.sock".to_owned());
    Some(format!("{} -H {address}", found.display()))
}

/// Writes the program that plays.
fn play(folder: &Path, kubectl: &Kubectl, docker: &str, node: &str) {
    let kubeconfig = kubectl.run(&["config", "view", "--raw", "--minify"]);
    fs_err::write(folder.join("kubeconfig"), kubeconfig).unwrap();
    let transcript = include_str!("../transcripts/microk8s/running.txt");
    let calls = transcript.lines();
    let status = calls.skip_while(|line| *line != "$ microk8s status --format yaml");
    let status: Vec<&str> = status
        .skip(1)
        .map_while(|line| line.strip_prefix("1| "))
        .collect();
    fs_err::write(folder.join("status"), status.join("\n")).unwrap();
    let folder = folder.display();
    let ctr = format!("exec {docker} exec -i {node} ctr --namespace=k8s.io \"$@\"");
    let script = format!(
        "#!/bin/sh\n\
         case \"$*\" in\n\
         'status --format yaml' | 'status --wait-ready --timeout 60 --format yaml')\n\
             cat {folder}/status ;;\n\
         'config --use-loopback') cat {folder}/kubeconfig ;;\n\
         version) echo 'MicroK8s v1.28.7 revision 6541' ;;\n\
         'ctr images import -' | 'ctr images ls' | 'ctr images rm '* | \
         'ctr images check name==certify.invalid/'*)\n\
             shift; {ctr} ;;\n\
         *) echo \"STAND-IN: no such command line is played: $*\" >&2; exit 97 ;;\n\
         esac\n"
    );
    let program = format!("{folder}/microk8s");
    fs_err::write(&program, script).unwrap();
    fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A whole session through the played program.
fn session(node: &str) {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform("microk8s");
    let work = work(&ground, "played");
    block_on(async {
        match platform.detect(&Ground::surroundings(&ground.folder)).await {
            Detection::Available(line) => assert!(line.starts_with("MicroK8s v1.28.7"), "{line}"),
            Detection::Absent { why, .. } => panic!("{why}"),
        }
        let run = RunId::new(format!("test{}-played-end", std::process::id())).unwrap();
        let request = request(&ground.folder, &work, &run);
        // This host is no node of that cluster, and is not taken for one.
        let refused = platform.open(request.clone()).await.err().unwrap();
        assert!(refused.why.contains("none of its nodes"), "{refused}");
        assert_eq!(request.ledger.left(), []);
        let mut request = request;
        request.cluster = ClusterSettings {
            node: Some(node.to_owned()),
            ..ClusterSettings::default()
        };
        let ledger = request.ledger.clone();
        let session = platform.open(request).await.unwrap();
        let facts = &session.facts().facts;
        assert_eq!(facts["microk8s.version"], "MicroK8s v1.28.7 revision 6541");
        assert_eq!(facts["node.name"], node);
        let image = delivery(&ground.folder, &work, "polite");
        let checks = async {
            session.deliver(&image).await.unwrap();
            serves_and_is_seen(session.as_ref()).await;
            is_timed_in_turn(session.as_ref()).await;
            drop(start(session.as_ref(), "polite", "forgotten", Stamper::Absent).await);
        };
        let checked = AssertUnwindSafe(checks).catch_unwind().await;
        let objects = ledger.left();
        close(session, &ledger, checked).await;
        let stranger = RunId::new("20260101t000000z-abcd").unwrap();
        let of_platform = objects.iter().filter(|object| object.kind == "microk8s");
        assert_eq!(of_platform.clone().count(), 2);
        for object in of_platform {
            platforms::sweep(&run, &object.kind, &object.name).unwrap();
            assert!(platforms::sweep(&stranger, &object.kind, &object.name).is_err());
        }
    });
}
