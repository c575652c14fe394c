//! Interrupts: one cleans up, two end at once, at every stage of a run; both are exit 4.

use std::time::{Duration, Instant};

use engine::journal::Record;
use testkit::Fault;

use crate::scene::{Ended, Running, Scene, groups, wait};

/// Waits until the journal of `out` holds a record that `fits`.
fn reaches(scene: &Scene, out: &str, running: &Running, fits: impl Fn(&Record) -> bool) {
    wait(
        "a record",
        || scene.records(out).iter().any(&fits),
        || running.said(),
    );
}

#[test]
fn one_interrupt_cleans_up() {
    let Some(scene) = Scene::new() else { return };
    let mut running = scene.start(scene.job("tiny", "startup", "out"), "run");
    reaches(&scene, "out", &running, |record| {
        matches!(record, Record::Trial(_))
    });
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    assert!(running.said().contains("cleaning up"), "{}", running.said());
    scene.assert_clean("out");
    let report = Ended::of(scene.certify(&["report", "out"]));
    report.assert(4, &["incomplete (exit 4)"]);
}

#[test]
fn two_interrupts_end_at_once_and_name_what_is_left() {
    let Some(scene) = Scene::new() else { return };
    // It ignores its stop signal, so cleaning up takes its grace. Timed starts would not do: they
    // end by SIGKILL, and all of them are over in half a second on a quick host.
    scene.image("stubborn", "stubborn", "");
    let mut running = scene.start(scene.job("stubborn", "immutability", "out"), "run");
    reaches(
        &scene,
        "out",
        &running,
        |record| matches!(record, Record::Intent { kind, .. } if kind == "containers"),
    );
    wait(
        "a container",
        || {
            let runs = scene.path("tmp").read_dir_utf8().unwrap();
            let folders = runs.map(|run| run.unwrap().path().join("oci/run"));
            folders.filter(|folder| folder.is_dir()).any(|folder| {
                let mut containers = folder.read_dir_utf8().unwrap();
                containers.any(|one| one.unwrap().path().join("output").is_file())
            })
        },
        || running.said(),
    );
    // Past its readiness: it is being stopped.
    std::thread::sleep(Duration::from_millis(500));
    running.interrupt();
    running.says("once more ends at once");
    let second = Instant::now();
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    assert!(
        second.elapsed() < Duration::from_secs(3),
        "{:?}",
        second.elapsed()
    );
    let said = running.said();
    for kind in ["folder", "cgroup", "containers"] {
        assert!(said.contains(&format!("left behind: {kind} ")), "{said}");
    }
    assert!(said.contains("cargo xtask sweep out"), "{said}");
    Ended::of(scene.certify(&["report", "out"])).assert(4, &[]);
    Ended::of(scene.certify(&["sweep", "out"])).assert(0, &["containers", "cgroup", "folder"]);
    let left: Vec<_> = std::fs::read_dir(scene.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_interrupt_during_a_download_is_no_fault() {
    let Some(scene) = Scene::new() else { return };
    scene
        .server
        .spoil(".deb", Fault::Slow(Duration::from_secs(50)));
    let mut running = scene.start(scene.job("tiny", "immutability", "out"), "run");
    wait(
        "a request",
        || scene.server.asked(".deb") > 0,
        || running.said(),
    );
    let interrupted = Instant::now();
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    assert!(interrupted.elapsed() < Duration::from_secs(10));
    scene.assert_clean("out");
    scene.assert_cache_without(&[]);
}

#[test]
fn a_build_cleans_up_when_it_is_interrupted() {
    let Some(scene) = Scene::new() else { return };
    let step =
        "finish:\n  - name: wait\n    run: [/usr/bin/tiny, hang]\n    produces: [/var/made]\n";
    scene.image("slow", "serve", step);
    let build = scene.certify(&["build", "slow", "--out", "out"]);
    let mut running = scene.start(build, "build");
    wait(
        "a finish step",
        || !groups(&format!("certify-build-{}-", running.id())).is_empty(),
        || running.said(),
    );
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    let own = format!("certify-build-{}-", running.id());
    assert_eq!(groups(&own), Vec::<std::path::PathBuf>::new());
    let left: Vec<_> = std::fs::read_dir(scene.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_interrupt_during_a_finish_step_is_no_fault() {
    let Some(scene) = Scene::new() else { return };
    let step =
        "finish:\n  - name: wait\n    run: [/usr/bin/tiny, hang]\n    produces: [/var/made]\n";
    scene.image("slow", "serve", step);
    let mut running = scene.start(scene.job("slow", "immutability", "out"), "run");
    reaches(
        &scene,
        "out",
        &running,
        |record| matches!(record, Record::Intent { kind, .. } if kind == "containers"),
    );
    std::thread::sleep(Duration::from_millis(500));
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    scene.assert_clean("out");
}
