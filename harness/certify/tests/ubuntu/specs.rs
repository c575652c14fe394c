//! The images that ship, as they are for Ubuntu: what they name exists, and is what is planned.

use camino::Utf8Path;
use certify::releases::ReleaseChoice;
use certify::rooms::intent;
use certify::shipped::Shelf;
use chisel::SliceKey;
use model::{Arch, Baseline, ImageSpec};
use testkit::{ArchiveKey, KeyPlan};

use crate::corpus;
use crate::scene::Scene;
use crate::stand_in;

const UBUNTU: [&str; 2] = ["ubuntu-24.04", "ubuntu-26.04"];

fn spec(name: &str, release: &str) -> ImageSpec {
    let shelf = Shelf::open(None).unwrap();
    let choice = ReleaseChoice::new(Some(release), Utf8Path::new("/nowhere"));
    intent::image_of(name, &shelf, &choice).unwrap().spec
}

#[test]
fn every_shipped_image_and_control_has_an_ubuntu_variant_of_slices_that_exist() {
    let shelf = Shelf::open(None).unwrap();
    let mut names = shelf.images().unwrap();
    names.extend(shelf.controls().unwrap());
    assert!(names.len() > 5, "{names:?}");
    for release in UBUNTU {
        for name in &names {
            let spec = spec(name, release);
            assert_eq!(spec.slices.keys().collect::<Vec<_>>(), [release], "{name}");
            if let Baseline::Install(packages) = &spec.baseline {
                assert_eq!(packages.keys().collect::<Vec<_>>(), [release], "{name}");
            }
        }
    }
    let Some(folder) = corpus::folder("chisel-releases") else {
        return;
    };
    let key = ArchiveKey::make(&KeyPlan::PLAIN);
    for label in UBUNTU {
        let release = stand_in::read(&stand_in::real(&folder, label, &key));
        for name in &names {
            let spec = spec(name, label);
            let slices = spec.slices[label].iter().map(|text| text.parse().unwrap());
            let slices: Vec<SliceKey> = slices.collect();
            for arch in [Arch::Amd64, Arch::Arm64] {
                let selection = chisel::select(&release, &slices, arch);
                let selection = selection.unwrap_or_else(|why| panic!("{label} {name}: {why}"));
                let program = &spec.config.entrypoint[0];
                let mut contents = selection.slices.iter();
                let is_there = contents.any(|slice| slice.contents.contains_key(program));
                assert!(is_there, "{label} {name}: no slice holds {program}");
            }
        }
    }
}

#[test]
fn what_is_named_for_debian_is_what_it_was() {
    let python = spec("python", "debian-13");
    assert_eq!(python.config.entrypoint[0], "/usr/bin/python3.13");
    for (release, version) in [("debian-12", "3.11"), ("ubuntu-24.04", "3.12")] {
        let other = spec("python", release);
        let program = format!("/usr/bin/python{version}");
        assert_eq!(other.config.entrypoint[0], program);
        assert_eq!(other.finish[0].run[0], program);
        assert!(!serde_json::to_string(&other).unwrap().contains("3.13"));
    }
    assert!(!serde_json::to_string(&python).unwrap().contains("ubuntu"));
}

#[test]
fn a_plan_is_for_the_release_asked_for_or_the_hosts_own() {
    let scene = Scene::new();
    let plan = |more: &[&str]| {
        let words = [
            "plan",
            "--image",
            "python",
            "--suite",
            "immutability",
            "--json",
        ];
        let ended = scene.run(&[&words[..], more].concat());
        ended.assert(0, &[]);
        serde_json::from_str::<serde_json::Value>(&ended.stdout).unwrap()["images"].clone()
    };
    let debian = plan(&[]);
    assert_eq!(debian, plan(&["--release", "debian-13"]));
    let noble = plan(&["--release", "ubuntu-24.04"]);
    assert_ne!(debian, noble);
    scene.write("host/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n");
    assert_eq!(plan(&[]), noble);
    assert_eq!(plan(&["--release", "debian-13"]), debian);
    // The host's own release counts only where the spec names it.
    scene.write("host/etc/os-release", "ID=ubuntu\nVERSION_ID=\"25.10\"\n");
    assert_eq!(plan(&[]), debian);
    let words = ["plan", "--image", "python", "--release", "ubuntu-22.04"];
    let refused = scene.run(&words);
    refused.assert(
        2,
        &[
            "images/python.yaml",
            "`ubuntu-22.04`",
            "debian-13, ubuntu-24.04",
        ],
    );
    // No plan needs a network.
    assert!(scene.web.asked().is_empty());
}
