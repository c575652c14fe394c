//! What a test needs of the machine. An absence is printed and counted as skipped; a class that
//! `CERTIFY_REQUIRE` names must be there, else the test fails.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use certify::command;

/// Something a test may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The rights of root.
    Root,
    /// An archive of debian-13, found as the program finds it.
    Archive,
    /// A program of others.
    Peer(&'static str),
}

impl Need {
    /// The word that `CERTIFY_REQUIRE` and skip lines know it by.
    const fn class(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Archive => "archive",
            Self::Peer(_) => "peers",
        }
    }

    /// Why it is not there, and what would provide it.
    fn absent(self) -> Option<String> {
        match self {
            Self::Root => no_root(),
            Self::Archive => no_archive(),
            Self::Peer(program) => no_peer(program),
        }
    }
}

/// Whether `test` can run: everything it needs is there.
pub fn have(test: &str, needs: &[Need]) -> bool {
    static FOUND: Mutex<BTreeMap<Need, Option<String>>> = Mutex::new(BTreeMap::new());
    for need in needs {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let absent = found.entry(*need).or_insert_with(|| need.absent()).clone();
        drop(found);
        if let Some(why) = absent {
            skip(need.class(), test, &why);
            return false;
        }
    }
    true
}

/// Says that `test` cannot be done here; fails if the class is required.
pub fn skip(class: &str, test: &str, why: &str) {
    assert!(!required(class), "{test} needs {class}: {why}");
    let line = why.lines().next().unwrap_or_default();
    println!("skipped ({class}): {test}: {line}");
}

fn required(class: &str) -> bool {
    std::env::var("CERTIFY_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word == class))
}

fn no_root() -> Option<String> {
    let root = rustix::process::geteuid().is_root();
    (!root).then(|| "not root; run it as root".to_owned())
}

fn no_archive() -> Option<String> {
    let doctor = certify().args(["doctor", "--json"]).output().unwrap();
    let findings: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
    let archive = findings
        .as_array()
        .into_iter()
        .flatten()
        .find(|finding| finding["what"] == "archive debian-13")?;
    (archive["state"] != "fine").then(|| {
        format!(
            "no archive for debian-13 ({}); set CERTIFY_MIRROR=<address>",
            archive["found"]
        )
    })
}

fn no_peer(program: &str) -> Option<String> {
    let absent = command::new(program.into()).arg("--version").output();
    absent
        .err()
        .map(|error| format!("{program}: {error}; apt-get install {program}"))
}

/// A call of the program under test.
#[allow(
    clippy::disallowed_methods,
    reason = "the program keeps the whole environment"
)]
pub fn certify() -> Command {
    Command::new(env!("CARGO_BIN_EXE_certify"))
}
