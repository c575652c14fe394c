//! Which of Ubuntu's hosts an archive without an address is at, and what else may be said of it.

use model::Hosts;

use crate::scene::Scene;
use crate::stand_in::{self, Files};
use crate::web::Site;

/// Dates of a release that is alive, and of one whose life is over.
pub(crate) const ALIVE: &str = "maintenance: {standard: 2020-01-01, end-of-life: 2100-01-01}\n";
const OVER: &str = "maintenance: {standard: 2020-01-01, end-of-life: 2021-01-01}\n";
const UNSTABLE: &str = "maintenance: {standard: 2099-01-01, end-of-life: 2100-01-01}\n";

/// A scene with an archive at `address` whose package says `word`, and a checkout.
fn scene(dates: &str, arch: &str, address: &str) -> Scene {
    let scene = Scene::new();
    serve(&scene, arch, address, "1.0");
    let files: Files = stand_in::small(dates, "", &scene.key);
    stand_in::lay(&files, &scene.path("work/checkout"));
    scene
}

fn serve(scene: &Scene, arch: &str, address: &str, version: &str) {
    let suite = Scene::suite("noble", "noble", "Ubuntu").architectures(&[arch]);
    let suite = suite.package("main", stand_in::some(arch, version));
    let folder = scene.archive(&format!("archive-{version}"), &scene.key, vec![suite]);
    scene.web.serve(address, Site::Folder(folder));
}

/// A cut of the small release with further words.
fn cut(scene: &Scene, arch: &str, more: &[&str]) -> crate::scene::Ended {
    let root = scene.root("root");
    let words = [
        "slices",
        "cut",
        "--release",
        "./checkout",
        "--arch",
        arch,
        "--root",
    ];
    scene.run(&[&words[..], &[root.as_str()], more, &["some_bins"]].concat())
}

/// What the cut laid down: the version of the package.
fn cut_version(scene: &Scene) -> String {
    std::fs::read_to_string(scene.path("root/usr/bin/some")).unwrap()
}

#[test]
fn other_architectures_come_from_the_host_of_ports() {
    let hosts = &Hosts::known().ubuntu;
    for (arch, address) in [
        ("amd64", &hosts.main),
        ("i386", &hosts.main),
        ("arm64", &hosts.ports),
        ("s390x", &hosts.ports),
    ] {
        let scene = scene(ALIVE, arch, address);
        cut(&scene, arch, &[]).assert(0, &[]);
        assert_eq!(cut_version(&scene), "1.0");
        let asked = scene.web.asked();
        assert!(!asked.is_empty());
        assert!(
            asked.iter().all(|one| one.url.starts_with(address)),
            "{arch}: {asked:?}"
        );
    }
}

#[test]
fn after_its_life_a_release_is_refused_or_taken_from_the_old_ones() {
    let hosts = &Hosts::known().ubuntu;
    let scene = scene(OVER, "arm64", &hosts.old_releases);
    let refused = cut(&scene, "arm64", &[]);
    refused.assert(
        1,
        &["no archive has \"maintained\"", "--ignore=unmaintained"],
    );
    let wrong = cut(&scene, "arm64", &["--ignore=unstable"]);
    wrong.assert(1, &["no archive has \"maintained\""]);
    assert!(scene.web.asked().is_empty());
    cut(&scene, "arm64", &["--ignore=unmaintained"]).assert(0, &[]);
    let asked = scene.web.asked();
    assert!(
        asked
            .iter()
            .all(|one| one.url.starts_with(&hosts.old_releases)),
        "{asked:?}"
    );
}

#[test]
fn before_its_time_a_release_is_refused_unless_that_is_ignored() {
    let scene = scene(UNSTABLE, "amd64", &Hosts::known().ubuntu.main);
    cut(&scene, "amd64", &["--ignore", "unmaintained"]).assert(1, &["\"unstable\""]);
    cut(&scene, "amd64", &["--ignore", "unstable"]).assert(0, &[]);
    cut(&scene, "amd64", &["--ignore=weather"]).assert(1, &["'weather'", "unmaintained"]);
}

#[test]
fn a_mirror_wins_and_the_hosts_apt_sources_are_not_for_verbs_of_the_reference() {
    let scene = scene(ALIVE, "amd64", &Hosts::known().ubuntu.main);
    serve(&scene, "amd64", "http://mirror.test/ubuntu", "2.0");
    serve(&scene, "amd64", "http://apt.test/ubuntu", "3.0");
    scene.write(
        "host/etc/apt/sources.list",
        "deb http://apt.test/ubuntu noble main\n",
    );
    cut(&scene, "amd64", &["--mirror", "http://mirror.test/ubuntu"]).assert(0, &[]);
    assert_eq!(cut_version(&scene), "2.0");
    let asked = scene.web.asked();
    assert!(
        asked.iter().all(|one| one.url.contains("mirror.test")),
        "{asked:?}"
    );
    cut(&scene, "amd64", &[]).assert(0, &[]);
    assert_eq!(cut_version(&scene), "1.0");
}

#[test]
fn builds_ask_the_hosts_apt_sources_first_and_refuse_an_unmaintained_release() {
    let scene = scene(ALIVE, "amd64", &Hosts::known().ubuntu.main);
    serve(&scene, "amd64", "http://apt.test/ubuntu", "3.0");
    scene.write(
        "host/etc/apt/sources.list",
        "deb http://apt.test/ubuntu noble main\n",
    );
    let spec = "summary: Some program\nslices: {checkout: [some_bins]}\n\
                config: {entrypoint: [/usr/bin/some]}\nreadiness: {log: {contains: ready}}\n\
                resources: {memory_mib: 16, pids: 4}\nbaseline: none\n";
    scene.write("work/some.yaml", spec);
    let build = |out: &str, more: &[&str]| {
        let words = [
            "build",
            "some.yaml",
            "--release",
            "./checkout",
            "--arch",
            "amd64",
        ];
        scene.run(&[&words[..], &["--out", out], more].concat())
    };
    build("one", &[]).assert(0, &[]);
    let asked = scene.web.asked();
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|one| one.url.contains("apt.test")),
        "{asked:?}"
    );
    stand_in::lay(
        &stand_in::small(OVER, "", &scene.key),
        &scene.path("work/checkout"),
    );
    build("two", &[]).assert(
        2,
        &["no archive has \"maintained\"", "--ignore=unmaintained"],
    );
    build("three", &["--ignore=unmaintained"]).assert(0, &[]);
}
