//! `--release ubuntu-NN.NN`: obtained, kept, asked for again, and what goes wrong with it.

use std::fs::File;

use model::Hosts;
use rustix::fs::{FlockOperation, flock};

use crate::hosts::ALIVE;
use crate::scene::Scene;
use crate::stand_in;
use crate::web::Site;

fn publish(scene: &Scene, version: &str, bytes: Vec<u8>) {
    let address = Hosts::known().ubuntu.releases.trim_end_matches('/');
    scene
        .web
        .serve(address, Site::Document(version.to_owned(), bytes));
}

fn scene() -> Scene {
    let scene = Scene::new();
    let files = stand_in::small(ALIVE, "", &scene.key);
    publish(&scene, "\"one\"", stand_in::packed(&files, "x"));
    scene
}

const FIND: [&str; 5] = ["slices", "find", "--release", "ubuntu-24.04", "some"];

#[test]
fn a_release_is_fetched_once_and_asked_for_again() {
    let scene = scene();
    let first = scene.run(&FIND);
    first.assert(0, &["ubuntu-24.04 fetched"]);
    assert!(first.stdout.contains("some_bins"), "{}", first.stdout);
    let second = scene.run(&FIND);
    second.assert(0, &["did not change"]);
    assert_eq!(first.stdout, second.stdout);
    let asked = scene.web.asked();
    let seen: Vec<_> = asked
        .iter()
        .map(|one| (one.status, one.version.as_deref()))
        .collect();
    assert_eq!(seen, [(200, None), (304, Some("\"one\""))]);
    let wanted = format!("{}ubuntu-24.04", Hosts::known().ubuntu.releases);
    assert!(asked.iter().all(|one| one.url == wanted), "{asked:?}");
    // A new version is taken.
    let mut files = stand_in::small(ALIVE, "", &scene.key);
    files[1].1 = b"package: some\nslices: {other: {contents: {/x: }}}\n".to_vec();
    publish(&scene, "\"two\"", stand_in::packed(&files, "x"));
    assert!(scene.run(&FIND).stdout.contains("some_other"));
    assert_eq!(scene.web.asked()[0].status, 200);
}

#[test]
fn a_damaged_copy_is_not_used() {
    let scene = scene();
    scene.run(&FIND).assert(0, &[]);
    let kept = scene.path("cache/certify/releases/ubuntu-24.04.tar.gz");
    let mut bytes = std::fs::read(&kept).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    scene.run(&FIND).assert(0, &["fetched"]);
    assert_eq!(scene.web.asked().last().unwrap().version, None);
}

#[test]
fn without_an_answer_the_kept_copy_is_taken_only_when_asked_for() {
    let scene = scene();
    let offline = [&FIND[..], &["--offline"]].concat();
    scene.run(&offline).assert(1, &["no copy of it is kept"]);
    scene.run(&FIND).assert(0, &[]);
    let address = Hosts::known().ubuntu.releases.trim_end_matches('/');
    scene.web.serve(address, Site::Status(404));
    scene.web.asked();
    let refused = scene.run(&FIND);
    refused.assert(
        1,
        &["404", "a copy from", "seconds ago is kept", "--offline"],
    );
    scene.web.asked();
    scene.run(&offline).assert(0, &["was not asked"]);
    assert!(scene.web.asked().is_empty());
}

#[test]
fn what_is_no_release_is_refused() {
    let scene = scene();
    publish(&scene, "\"x\"", b"<html>".to_vec());
    scene
        .run(&FIND)
        .assert(1, &["release ubuntu-24.04 from", "Gzip"]);
    let mut files = stand_in::small(ALIVE, "", &scene.key);
    files[0].0 = "other.yaml".to_owned();
    publish(&scene, "\"y\"", stand_in::packed(&files, "x"));
    scene.run(&FIND).assert(1, &["no chisel.yaml"]);
}

#[test]
fn another_program_that_fetches_it_is_waited_for_ten_seconds() {
    let scene = scene();
    scene.run(&FIND).assert(0, &[]);
    let held = File::create(scene.path("cache/certify/releases/ubuntu-24.04.tar.gz.lock")).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    scene.run(&FIND).assert(1, &["another program", "10s"]);
    drop(held);
    scene.run(&FIND).assert(0, &[]);
}

#[test]
fn words_that_name_no_release_are_refused_and_folders_have_a_slash() {
    let scene = scene();
    let find = |release: &str| scene.run(&["slices", "find", "--release", release, "some"]);
    find("Foo").assert(1, &["invalid release reference: \"Foo\""]);
    find("../ubuntu-24.04").assert(1, &["cannot read release definition"]);
    find("debian-99").assert(1, &["no release `debian-99`"]);
    find("none/").assert(1, &["cannot read release definition", "none/chisel.yaml"]);
    stand_in::lay(
        &stand_in::small(ALIVE, "", &scene.key),
        &scene.path("work/Foo"),
    );
    find("Foo").assert(1, &["invalid release reference"]);
    find("./Foo").assert(0, &[]);
    assert!(scene.web.asked().is_empty());
}

#[test]
fn the_default_is_the_hosts_own_on_ubuntu() {
    let scene = scene();
    let words = ["slices", "find", "some"];
    let debian = scene.run(&words);
    debian.assert(0, &[]);
    assert!(!debian.stdout.contains("some_bins") && scene.web.asked().is_empty());
    scene.write("host/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n");
    let ubuntu = scene.run(&words);
    assert!(ubuntu.stdout.contains("some_bins"), "{}", ubuntu.stderr);
    assert!(scene.web.asked()[0].url.ends_with("/ubuntu-24.04"));
    scene.write("host/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    assert!(!scene.run(&words).stdout.contains("some_bins"));
}
