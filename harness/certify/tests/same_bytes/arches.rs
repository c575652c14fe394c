//! Images and cuts for other architectures than the host's, and all of them in one layout.

use std::collections::BTreeSet;
use std::process::Command;

use image::{Limits, OciImage, Reference};
use model::Arch;
use testkit::FakeRegistry;

use crate::build::Build;
use crate::fixture::{Fixture, Packed};
use crate::tiny;

const ARCHES: [&str; 7] = [
    "amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64", "s390x",
];

fn fixture() -> Fixture {
    let fixture = Fixture::of_arches(Packed::USUAL, &[], &ARCHES);
    fixture.put(
        "releases/tiny/slices/hello.yaml",
        "package: hello\nslices:\n  bins:\n    essential: {base-files_base: , hello-data_data: }\n    \
         contents:\n      /usr/bin/hello:\n      \
         /usr/bin/hello-arch: {arch: [arm64, armhf, i386, ppc64el, riscv64, s390x]}\n",
    );
    fixture
}

#[test]
fn every_architecture_is_cut_from_this_host() {
    let fixture = fixture();
    let mirror = fixture.mirror();
    for arch in ARCHES {
        let root = fixture.root().join(arch);
        fs_err::create_dir(&root).unwrap();
        let documents = fixture.root().join(format!("{arch}-documents"));
        let done = Command::new(env!("CARGO_BIN_EXE_certify"))
            .args([
                "--config",
                fixture.config().as_str(),
                "slices",
                "cut",
                "--release",
                "tiny",
            ])
            .args(["--mirror", &mirror, "--arch", arch, "--root", root.as_str()])
            .args(["--metadata", documents.as_str(), "hello_bins"])
            .env("XDG_CACHE_HOME", fixture.root().join("cache"))
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let program = fs_err::read_to_string(root.join("usr/bin/hello-arch")).ok();
        let wanted = (arch != "amd64").then(|| format!("the program of {arch}\n"));
        assert_eq!(program, wanted, "{arch}");
        let spdx = fs_err::read_to_string(documents.join("spdx.json")).unwrap();
        assert!(
            spdx.contains(&format!("pkg:deb/tiny/hello@1:2.3-4?arch={arch}")),
            "{arch}"
        );
        assert!(
            spdx.contains("pkg:deb/tiny/hello-data@1.0?arch=all"),
            "{arch}"
        );
    }
}

#[test]
fn several_architectures_are_one_layout_with_an_index() {
    let fixture = fixture();
    let (before, arguments) = tiny(&fixture);
    let cache = fixture.root().join("cache");
    let place = fixture.root().join("out");
    let elsewhere = fixture.root().join("elsewhere");
    let registry = FakeRegistry::start();
    let name = format!("{}/ns/tiny:1", registry.host());
    let words = |order: &[&str], more: [&str; 2]| -> Vec<String> {
        let arches = order.iter().flat_map(|arch| ["--arch", arch]);
        let more = arches.chain(more).map(str::to_owned);
        arguments.iter().cloned().chain(more).collect()
    };
    let pushed = words(&["riscv64", "arm64", "amd64", "arm64"], ["--push", &name]);
    let forwards = Build {
        before: &before,
        ..Build::plain(&pushed, &cache)
    };
    let described = words(
        &["amd64", "arm64", "riscv64"],
        ["--metadata", elsewhere.as_str()],
    );
    let backwards = Build {
        name: "backwards",
        arguments: &described,
        ..forwards.clone()
    };
    let mut indexes = BTreeSet::new();
    for build in [&forwards, &backwards] {
        let done = build.attempt(&place);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let facts: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let arches: Vec<_> = facts["images"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["arch"])
            .collect();
        assert_eq!(arches, ["amd64", "arm64", "riscv64"]);
        let index = facts["index"].as_str().unwrap();
        indexes.insert(index.to_owned());
        let said = String::from_utf8_lossy(&done.stderr);
        let is_pushed = said.contains(&format!("{name} is {index}"));
        assert_eq!(is_pushed, build.name == "plain", "{said}");
        let all = place.join(build.name).join("out/images/tiny/candidate/all");
        let reference: Reference = format!("layout:{all}:tiny").parse().unwrap();
        for arch in [Arch::Amd64, Arch::Arm64, Arch::Riscv64] {
            let image = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
            let is_own = facts["images"].as_array().unwrap().iter().any(|one| {
                one["arch"] == arch.debian()
                    && one["manifest"] == image.manifest.digest().to_string()
            });
            assert!(is_own, "{arch}");
        }
        assert!(OciImage::open(&reference, Arch::S390x, &Limits::standard()).is_err());
    }
    assert_eq!(indexes.len(), 1, "the order of options changes nothing");
    for arch in ["amd64", "arm64", "riscv64"] {
        assert!(
            elsewhere.join(arch).join("cyclonedx.json").is_file(),
            "{arch}"
        );
    }
}
