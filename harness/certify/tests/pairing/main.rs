//! Is the default baseline what it claims to be? It is laid down without running a maintainer
//! script, so it is paired here with a real installation: the same packages of the same archive,
//! installed by `mmdebstrap --variant=minbase`, with their scripts and none of our finish steps.
//!
//! Packages must be the same, files must differ only as `stated.yaml` says, and both must start
//! alike. A baseline without bytecode must be told from the real thing by the same code.
//!
//! The installation is kept in the project's cache folder. The files of all three programs are
//! compared in every run; `CERTIFY_PAIRING=all` times all three, else only python is timed.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod differences;
mod installation;
#[path = "../needs/mod.rs"]
mod needs;
mod program;
mod reading;
mod starts;

use std::sync::{Mutex, MutexGuard, PoisonError};

use differences::Stated;
use needs::Need;
use program::{Pair, Program};
use starts::Likeness;

const NEEDS: [Need; 3] = [Need::Root, Need::Archive, Need::Peer("mmdebstrap")];

/// Nothing else of this file runs while starts are timed.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn packages_and_files_are_those_of_a_real_installation() {
    if !needs::have("comparing files", &NEEDS) {
        return;
    }
    let _alone = alone();
    let pairs: Vec<Pair> = Program::all().iter().map(Pair::of).collect();
    for pair in &pairs {
        let name = &pair.program.name;
        let (ours, theirs) = (pair.ours.packages(), pair.theirs.packages());
        assert_eq!(ours, theirs, "packages of {name}, ours and theirs");
        assert_eq!(
            ours, pair.facts.packages,
            "packages of {name}, as the image's facts list them"
        );
    }
    let trees: Vec<(&str, &rootfs::Tree, &rootfs::Tree)> = pairs
        .iter()
        .map(|pair| {
            let name = pair.program.name.as_str();
            (name, &pair.ours.tree, &pair.theirs.tree)
        })
        .collect();
    let complaints = differences::check(&Stated::read(), &trees);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn warm_starts_are_those_of_a_real_installation() {
    if !needs::have("timing starts", &NEEDS) {
        return;
    }
    let _alone = alone();
    for program in Program::timed() {
        let pair = Pair::of(&program);
        let found = starts::compare(&pair, &pair.ours.layout);
        println!("figure: {}: {found}", program.name);
        assert!(
            matches!(found, Likeness::Alike(_)),
            "{}: {found}",
            program.name
        );
    }
}

#[test]
fn a_baseline_without_bytecode_is_told_from_a_real_installation() {
    if !needs::have("timing a planted baseline", &NEEDS) {
        return;
    }
    let _alone = alone();
    let python = Program::named("python");
    let pair = Pair::of(&python);
    let planted = pair.without_finish();
    let found = starts::compare(&pair, &planted);
    println!("figure: python without bytecode: {found}");
    assert!(matches!(found, Likeness::Different(_)), "{found}");
}
