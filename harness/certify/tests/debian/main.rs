//! Our release of Debian 13 at full strength: every slice cut alone and linted, every program made
//! to do its work in a container, every variant planned.

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

/// Each of these tests has work for all processors: one that cuts would wait for the other anyway.
static TURN: Mutex<()> = Mutex::new(());

/// What the release promises at least.
const FEWEST_PACKAGES: usize = 76;

#[test]
fn every_slice_cuts_alone_and_is_clean_under_lint() {
    if !needs::have("slices of debian-13", &[Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (release, archives) = (source::release(), source::archives());
    let keys: Vec<SliceKey> = release.slices().map(|slice| slice.key.clone()).collect();
    source::fetch(&keys);
    let arch = Arch::host().unwrap();
    let kept = chisel::UnpackedPackages::new(archives);
    let judged = keys.par_iter();
    let judged = judged.map(|key| chisel::lint_alone(release, key, arch, &kept).unwrap());
    let found: Vec<Lint> = judged.flatten_iter().collect();
    let told: Vec<String> = found
        .iter()
        .map(|lint| format!("{} {} {}", lint.slice, lint.rule, lint.found))
        .collect();
    println!(
        "{} slices of {} packages",
        keys.len(),
        release.packages.len()
    );
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(
        release.packages.len() >= FEWEST_PACKAGES,
        "{}",
        release.packages.len()
    );
}

#[test]
fn every_program_does_its_work() {
    if !needs::have("programs of debian-13", &[Need::Root, Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let programs = Program::all();
    source::fetch(
        &programs
            .iter()
            .flat_map(Program::slices)
            .collect::<Vec<_>>(),
    );
    let mut failed = Vec::new();
    for program in &programs {
        match program.run(|_| ()) {
            Ok(()) => println!("{}: {}", program.name, program.summary),
            Err(why) => failed.push(format!("{}: {why}", program.name)),
        }
    }
    println!("{} programs did their work", programs.len() - failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn a_program_that_lacks_a_library_or_says_something_else_is_found() {
    if !needs::have("flawed programs", &[Need::Root, Need::Archive]) {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut program = Program::all()
        .into_iter()
        .find(|program| program.name == "jq")
        .unwrap();
    let lacking = program.run(|tree| {
        let library = tree.resolve("/usr/lib/x86_64-linux-gnu/libonig.so.5");
        let library = library.or_else(|_| tree.resolve("/usr/lib/aarch64-linux-gnu/libonig.so.5"));
        assert_ne!(tree.remove(&library.unwrap()), 0);
    });
    assert!(lacking.unwrap_err().contains("libonig.so.5"));
    program.expect.push("something else".to_owned());
    let why = program.run(|_| ()).unwrap_err();
    assert!(why.contains("`something else`"), "{why}");
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
