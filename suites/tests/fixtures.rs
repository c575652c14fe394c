//! Every fixture that a check's page names is there: `PATH` or `PATH: WORDS`, the words standing in
//! that file; a control named by a check must fail by it; and each run-time check has a flaw of its
//! own among containers whose image is right.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "only the table of flaws is read here"
)]

use std::path::{Path, PathBuf};

use model::{CheckId, CheckInfo, ImageSpec, Method, Variation};

#[path = "flawed/flaws.rs"]
mod flaws;
#[path = "flawed/planting.rs"]
mod planting;

use flaws::{FLAWS, Mode};

const TABLE: &str = "suites/tests/flawed/flaws.rs";

fn checks() -> impl Iterator<Item = &'static CheckInfo> {
    suites::SUITES.iter().flat_map(|suite| suite.checks())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The file and the words.
fn parts(fixture: &str) -> (&str, Option<&str>) {
    match fixture.split_once(": ") {
        Some((path, words)) => (path, Some(words)),
        None => (fixture, None),
    }
}

#[test]
fn every_named_fixture_exists() {
    for info in checks() {
        for fixture in [info.good_fixture, info.bad_fixture] {
            let (path, words) = parts(fixture);
            let text = std::fs::read_to_string(repository().join(path));
            let text = text.unwrap_or_else(|error| panic!("{}: {path}: {error}", info.id));
            if let Some(words) = words {
                assert!(
                    text.contains(words),
                    "{}: {path} says nothing of `{words}`",
                    info.id
                );
            }
        }
    }
}

/// The checks by which the control in this file fails; none if it is an image like any other.
fn fails_by(path: &str) -> Vec<CheckId> {
    let text = std::fs::read_to_string(repository().join(path)).unwrap();
    let control = if Variation::is_one(&text) {
        Variation::from_yaml(path, &text).unwrap().control
    } else {
        ImageSpec::from_yaml(path, &text).unwrap().control
    };
    control.map(|control| control.fails).unwrap_or_default()
}

#[test]
fn a_named_control_fails_by_the_check_and_a_good_image_is_none() {
    for info in checks() {
        for (fixture, bad) in [(info.good_fixture, false), (info.bad_fixture, true)] {
            let (path, _) = parts(fixture);
            if !path.ends_with(".yaml") {
                continue;
            }
            let fails = fails_by(path);
            let named = fails.iter().any(|id| id.as_str() == info.id);
            assert_eq!(named, bad, "{}: {path} fails by {fails:?}", info.id);
        }
    }
}

#[test]
fn every_run_time_check_has_a_flaw_of_its_own() {
    let run_time = |info: &&CheckInfo| matches!(info.method, Method::Kernel | Method::Behaviour);
    for info in checks().filter(run_time) {
        let mut own = FLAWS.iter().filter(|flaw| flaw.fails[0] == info.id);
        assert!(
            own.any(|flaw| flaw.on.contains(&Mode::Embedded)),
            "{}",
            info.id
        );
        let (path, words) = parts(info.bad_fixture);
        assert_eq!(path, TABLE, "{}", info.id);
        let named = |flaw: &&flaws::Flaw| Some(flaw.name) == words && flaw.fails[0] == info.id;
        assert!(
            FLAWS.iter().any(|flaw| named(&flaw)),
            "{}: {words:?}",
            info.id
        );
    }
}

#[test]
fn every_flaw_is_for_known_checks_and_named_once_a_mode() {
    for flaw in FLAWS {
        for id in flaw.fails {
            assert!(suites::check(id).is_some(), "{}: {id}", flaw.name);
        }
        for mode in flaw.on {
            let same = FLAWS
                .iter()
                .filter(|one| one.name == flaw.name && one.on.contains(mode));
            assert_eq!(same.count(), 1, "{}: {mode:?}", flaw.name);
        }
    }
}
