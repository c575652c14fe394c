//! A runtime that puts the container's filter on its first process only: what may be done under it is
//! asked of the first process of a container of its own.

use serde_json::Value;

use crate::scene::{Ended, run};
use crate::script::{Apart, Script};

fn ended(apart: Apart) -> Ended {
    let ended = run(Script {
        first_only: Some(apart),
        ..Script::default()
    });
    assert!(ended.left.is_empty(), "{:?}", ended.left);
    ended
}

/// What the report says of the check that nobody becomes root.
fn check(ended: &Ended) -> &Value {
    let checks = ended.report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["id"] == "IMM-105");
    found.unwrap_or_else(|| panic!("no IMM-105: {}", ended.stderr))
}

#[test]
fn what_the_filter_refuses_there_counts() {
    let ended = ended(Apart::Refused);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let check = check(&ended);
    assert_eq!(check["outcome"], "pass", "{check}");
    let words = check.to_string();
    assert!(
        words.contains("1 filter(s), in a container of its own"),
        "{words}"
    );
}

#[test]
fn what_the_filter_allows_there_is_an_offence() {
    let ended = ended(Apart::Allowed);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(check(&ended)["outcome"], "fail", "{}", check(&ended));
}

#[test]
fn without_a_filter_there_nothing_is_decided() {
    let ended = ended(Apart::Unfiltered);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let words = check(&ended).to_string();
    assert!(words.contains("not under its own filter"), "{words}");
}
