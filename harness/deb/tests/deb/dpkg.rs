//! The version order against dpkg's own.

use std::cmp::Ordering;
use std::process::{Command, Stdio};

use deb::Version;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

const PAIRS: usize = 400;

/// Versions that are near each other, so that every rule decides some pairs.
fn versions() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9]{1,2}([.+~a-cZ0:-]{1,3}[0-9a~]{1,3}){0,3}(-[0-2][a.+~]?[0-9]?)?"
}

#[test]
fn orders_as_dpkg_does() {
    let works = Command::new("dpkg")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        println!("skipped (peers): no dpkg on this host; install it to compare version orders");
        let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|class| class.trim() == "peers"));
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut pairs = Vec::new();
    while pairs.len() < PAIRS {
        let mut text = || versions().new_tree(&mut runner).unwrap().current();
        let (a, b) = (text(), text());
        if let (Ok(left), Ok(right)) = (a.parse::<Version>(), b.parse::<Version>()) {
            pairs.push((left, right));
        }
    }
    // One shell for all: it prints one letter per pair.
    let mut script = String::new();
    for (a, b) in &pairs {
        script.push_str(&format!(
            "if dpkg --compare-versions '{a}' lt '{b}'; then echo l; \
             elif dpkg --compare-versions '{a}' eq '{b}'; then echo e; else echo g; fi\n"
        ));
    }
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = said.lines().collect();
    assert_eq!(said.len(), pairs.len());
    let mut equal = 0;
    for ((a, b), said) in pairs.iter().zip(said) {
        let wanted = match said {
            "l" => Ordering::Less,
            "e" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        equal += usize::from(wanted == Ordering::Equal);
        assert_eq!(a.cmp(b), wanted, "{a} and {b}");
    }
    println!("{PAIRS} pairs as dpkg orders them, {equal} equal");
}
