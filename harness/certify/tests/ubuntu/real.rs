//! The definitions that Ubuntu publishes cut Python, nginx and .NET, from stand-in packages.

use chisel::SliceKey;
use model::{Arch, Hosts};

use crate::corpus;
use crate::scene::{Ended, Scene};
use crate::stand_in::{self, Files};
use crate::web::Site;

/// The programs of a release: 24.04 and 26.04 carry other versions of .NET.
const NOBLE: [&[&str]; 3] = [
    &["python3_standard", "base-files_chisel"],
    &["nginx_bins", "base-passwd_data", "base-files_base"],
    &[
        "aspnetcore-runtime-8.0_standard",
        "dotnet-host-8.0_bins",
        "ca-certificates_data",
    ],
];
const RESOLUTE: [&[&str]; 3] = [
    &["python3_standard", "base-files_chisel"],
    &["nginx_bins", "base-passwd_data", "base-files_base"],
    &[
        "aspnetcore-runtime-10.0_standard",
        "dotnet-host-10.0_bins",
        "ca-certificates_data",
    ],
];

/// Serves stand-in packages for all of `programs` at the archive's own address.
fn serve(scene: &Scene, files: &Files, codename: &str, arch: Arch, programs: &[&[&str]]) {
    let release = stand_in::read(files);
    let keys: Vec<SliceKey> = keys(&programs.concat());
    let selection = chisel::select(&release, &keys, arch).unwrap();
    let mut suites = Vec::new();
    for suffix in ["", "-security", "-updates"] {
        let name = format!("{codename}{suffix}");
        let mut suite = Scene::suite(&name, codename, "Ubuntu").architectures(&[arch.debian()]);
        // Every component has an index, also where there is nothing to update.
        for component in ["main", "universe"] {
            suite = suite.package(component, stand_in::some(arch.debian(), component));
        }
        if suffix.is_empty() {
            for (at, package) in stand_in::packages(&selection).into_iter().enumerate() {
                suite = suite.package(["main", "universe"][at % 2], package);
            }
        }
        suites.push(suite);
    }
    let folder = scene.archive("archive", &scene.key, suites);
    let hosts = &Hosts::known().ubuntu;
    let address = if arch == Arch::Amd64 {
        &hosts.main
    } else {
        &hosts.ports
    };
    scene.web.serve(address, Site::Folder(folder));
}

fn keys(words: &[&str]) -> Vec<SliceKey> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

/// Cuts each of `programs` from the release `name` and compares every path.
fn cut_all(scene: &Scene, name: &str, files: &Files, arch: Arch, programs: &[&[&str]]) {
    let release = stand_in::read(files);
    for slices in programs {
        let root = scene.root("root");
        let words = [
            &[
                "slices",
                "cut",
                "--release",
                name,
                "--arch",
                arch.debian(),
                "--root",
            ],
            &[root.as_str()][..],
            slices,
        ];
        let ended = scene.run(&words.concat());
        ended.assert(0, &[]);
        let selection = chisel::select(&release, &keys(slices), arch).unwrap();
        let expected = stand_in::expected(&selection);
        assert!(expected.len() > 10, "{slices:?}: {expected:?}");
        let found = stand_in::found(&root);
        let differ: Vec<_> = found.symmetric_difference(&expected).collect();
        assert!(differ.is_empty(), "{slices:?}: {differ:?}");
        println!("{name} {arch} {slices:?}: {} paths", expected.len());
    }
}

#[test]
fn a_checkout_of_24_04_cuts_python_nginx_and_dotnet() {
    let Some(folder) = corpus::folder("chisel-releases") else {
        return;
    };
    let scene = Scene::new();
    let files = stand_in::real(&folder, "ubuntu-24.04", &scene.key);
    serve(&scene, &files, "noble", Arch::Amd64, &NOBLE);
    let checkout = scene.path("checkout");
    stand_in::lay(&files, &checkout);
    cut_all(&scene, checkout.as_str(), &files, Arch::Amd64, &NOBLE);
    // Nobody but the main archive was asked: no subscription without credentials.
    let main = &Hosts::known().ubuntu.main;
    let asked = scene.web.asked();
    assert!(
        asked.iter().all(|one| one.url.starts_with(main)),
        "{asked:?}"
    );
}

#[test]
fn the_published_26_04_cuts_python_nginx_and_dotnet_for_arm64() {
    let Some(folder) = corpus::folder("chisel-releases") else {
        return;
    };
    let scene = Scene::new();
    let files = stand_in::real(&folder, "ubuntu-26.04", &scene.key);
    serve(&scene, &files, "resolute", Arch::Arm64, &RESOLUTE);
    let hosts = &Hosts::known().ubuntu;
    let packed = stand_in::packed(&files, "ubuntu-26.04");
    let document = Site::Document("\"one\"".to_owned(), packed);
    scene
        .web
        .serve(hosts.releases.trim_end_matches('/'), document);
    cut_all(&scene, "ubuntu-26.04", &files, Arch::Arm64, &RESOLUTE);
    let asked = scene.web.asked();
    let to_ports = asked.iter().filter(|one| one.url.starts_with(&hosts.ports));
    assert!(to_ports.count() > 3);
    assert!(!asked.iter().any(|one| one.url.starts_with(&hosts.main)));
    // Three cuts, one download.
    let releases = asked
        .iter()
        .filter(|one| one.url.starts_with(&hosts.releases));
    let statuses: Vec<u16> = releases.map(|one| one.status).collect();
    assert_eq!(statuses, [200, 304, 304]);
}

#[test]
fn a_path_that_a_package_lost_fails_the_cut() {
    let Some(folder) = corpus::folder("chisel-releases") else {
        return;
    };
    let scene = Scene::new();
    let files = stand_in::real(&folder, "ubuntu-24.04", &scene.key);
    // The archive has what nginx needs, which is no page to show.
    serve(&scene, &files, "noble", Arch::Amd64, &NOBLE[1..2]);
    stand_in::lay(&files, &scene.path("checkout"));
    Ended::of(scene.cutting(&["nginx-common_index"]))
        .assert(1, &["/usr/share/nginx/html/index.html"]);
}
