//! Our releases of Debian at full strength: every slice cut alone and linted, every program made to
//! do its work in a container, every variant planned.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod container;
#[allow(dead_code, reason = "other tests need more")]
#[path = "../needs/mod.rs"]
mod needs;
mod program;
mod source;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chisel::{Lint, SliceKey};
use model::Arch;
use needs::Need;
use program::Program;
use rayon::prelude::*;
use source::{Covered, NEWEST, RELEASES};

/// Each of these tests has work for all processors: one that cuts would wait for the other anyway.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn every_slice_cuts_alone_and_is_clean_under_lint() {
    if !needs::have("slices of our releases", &[Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let found: Vec<String> = RELEASES.iter().flat_map(lints).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What every slice of `covered` can be reproached with, each cut alone.
fn lints(covered: &Covered) -> Vec<String> {
    let release = covered.release();
    let keys: Vec<SliceKey> = release.slices().map(|slice| slice.key.clone()).collect();
    covered.fetch(&keys);
    let arch = Arch::host().unwrap();
    let kept = chisel::UnpackedPackages::new(covered.archives());
    let judged = keys.par_iter();
    let judged = judged.map(|key| chisel::lint_alone(release, key, arch, &kept).unwrap());
    let found: Vec<Lint> = judged.flatten_iter().collect();
    let (name, packages) = (covered.name, release.packages.len());
    println!("{name}: {} slices of {packages} packages", keys.len());
    assert!(packages >= covered.fewest_packages, "{name}: {packages}");
    found
        .iter()
        .map(|lint| format!("{name}: {} {} {}", lint.slice, lint.rule, lint.found))
        .collect()
}

#[test]
fn every_program_does_its_work() {
    if !needs::have("programs of our releases", &[Need::Root, Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut failed = Vec::new();
    for covered in &RELEASES {
        let (name, programs) = (covered.name, Program::of(covered));
        let slices = programs.iter().flat_map(Program::slices);
        covered.fetch(&slices.collect::<Vec<_>>());
        for program in &programs {
            match program.run(covered, |_| ()) {
                Ok(()) => println!("{name}: {}: {}", program.name, program.summary),
                Err(why) => failed.push(format!("{name}: {}: {why}", program.name)),
            }
        }
        println!("{name}: {} programs", programs.len());
        assert!(programs.len() >= covered.fewest_programs, "{name}");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The archive has everything for another architecture than the host's too, and every slice cuts.
#[test]
fn both_architectures_of_debian_12_can_be_cut() {
    if !needs::have("architectures of debian-12", &[Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let run = |words: &[&str], arch: Arch| {
        let mut call = needs::certify();
        call.arg("slices")
            .args(words)
            .args(["--arch", arch.debian()]);
        let output = call.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arch:?} {words:?}: {told}{said}");
    };
    let root = tempfile::tempdir().unwrap();
    let root = root.path().to_str().unwrap();
    for arch in [Arch::Amd64, Arch::Arm64] {
        for slices in [
            ["base-files_base", "python3.11_full"],
            ["nginx-common_parts", "nginx_bins"],
            ["base-passwd_data", "redis-server_bins"],
        ] {
            let cut = ["cut", "--release", "debian-12", "--dry-run", "--root", root];
            run(&[&cut[..], &slices].concat(), arch);
        }
        if Arch::host().unwrap() != arch {
            run(&["lint", "debian-12"], arch);
        }
    }
}

/// Long-term support comes from the same archives, for everybody: until its end nothing is refused.
#[test]
fn a_release_is_maintained_until_its_long_term_support_ends() {
    for (name, before, last) in [
        ("debian-12", "2023-06-09", "2028-06-29"),
        (NEWEST, "2025-08-08", "2030-06-29"),
    ] {
        let covered = RELEASES.iter().find(|one| one.name == name).unwrap();
        let on = |day: jiff::civil::Date| covered.release().check_maintained(day, &[], |_| true);
        let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
        assert!(on(day(before)).is_err() && on(day(before).tomorrow().unwrap()).is_ok());
        assert!(on(day(last)).is_ok());
        let over = on(day(last).tomorrow().unwrap()).unwrap_err();
        assert!(over.to_string().contains("--ignore=unmaintained"), "{over}");
    }
}

/// Links of a merged root that no package of Debian 12 has: programs are found by both names.
#[test]
fn roots_of_every_release_are_merged() {
    if !needs::have("merged roots", &[Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let keys = ["base-files_base", "dash_bins", "zlib1g_libs"].map(|key| key.parse().unwrap());
    let triplet = match Arch::host().unwrap() {
        Arch::Arm64 => "aarch64-linux-gnu",
        _ => "x86_64-linux-gnu",
    };
    for covered in &RELEASES {
        covered.fetch(&keys);
        let tree = covered.cut(&keys);
        for folder in ["bin", "lib", "sbin"] {
            let link = tree.get(format!("/{folder}")).unwrap();
            let target = format!("usr/{folder}");
            assert_eq!(
                link.kind,
                rootfs::Kind::Symlink { target },
                "{}",
                covered.name
            );
        }
        for library in ["libc.so.6", "libz.so.1"] {
            let real = tree.resolve(&format!("/lib/{triplet}/{library}")).unwrap();
            assert!(real.as_str().starts_with("/usr/lib/"), "{real}");
        }
        assert_eq!(tree.resolve("/bin/sh").unwrap().as_str(), "/usr/bin/dash");
    }
}

#[test]
fn a_program_that_lacks_a_library_or_says_something_else_is_found() {
    if !needs::have("flawed programs", &[Need::Root, Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // In the one release the library's package says where it lies, in the other a link does.
    for (release, name, library) in [
        (NEWEST, "jq", "libonig.so.5"),
        ("debian-12", "openssl", "libcrypto.so.3"),
        ("debian-12", "python-3.11", "libz.so.1"),
    ] {
        let covered = RELEASES.iter().find(|one| one.name == release).unwrap();
        let mut program = Program::of(covered)
            .into_iter()
            .find(|program| program.name == name)
            .unwrap();
        let lacking = program.run(covered, |tree| {
            let found = tree.resolve(&format!("/usr/lib/x86_64-linux-gnu/{library}"));
            let found =
                found.or_else(|_| tree.resolve(&format!("/usr/lib/aarch64-linux-gnu/{library}")));
            assert_ne!(tree.remove(&found.unwrap()), 0);
        });
        let why = lacking.unwrap_err();
        assert!(why.contains(library), "{why}");
        program.expect.push("something else".to_owned());
        let why = program.run(covered, |_| ()).unwrap_err();
        assert!(why.contains("`something else`"), "{why}");
    }
}

/// What Debian 12 has of what is certified by default, and Redis.
#[test]
fn the_images_of_debian_12_can_be_planned() {
    let run = |more: &[&str]| {
        let mut call = needs::certify();
        call.args(["plan", "--json", "--release", "debian-12"]);
        let output = call.args(more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let plan = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), plan, said)
    };
    let (fine, plan, said) = run(&["--image", "python", "--image", "nginx", "--image", "redis"]);
    assert!(fine, "{said}");
    for name in ["python", "nginx", "redis"] {
        assert!(
            plan.contains(&format!("\"{name}/")),
            "{name} is not in the plan"
        );
    }
    let (fine, _, said) = run(&["--image", "jq"]);
    assert!(!fine && said.contains("`debian-12`"), "{said}");
}

/// Every program that a variant starts has a run that shows its work.
#[test]
fn every_variant_can_be_planned() {
    let folder = source::root().join("images/variants");
    let mut planned = BTreeSet::new();
    let mut call = needs::certify();
    call.args(["plan", "--json"]);
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.extension() == Some("yaml") {
            let name = path.file_stem().unwrap().to_owned();
            call.args(["--image", &name]);
            planned.insert(name);
        }
    }
    let output = call.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let plan = String::from_utf8(output.stdout).unwrap();
    for name in &planned {
        assert!(
            plan.contains(&format!("\"{name}/")),
            "{name} is not in the plan"
        );
    }
    println!("{} variants planned", planned.len());
    assert!(planned.contains("python-slim"));
}
