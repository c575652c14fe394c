//! Without a fault the run is certified, as a rehearsal; and how runs end is judged rightly.

use serde_json::{Value, json};

use crate::expected::{Effect, faults};
use crate::scene::{Ended, faultless};

#[test]
fn a_run_without_faults_is_certified_and_reads_as_a_rehearsal() {
    let ended = faultless();
    assert_eq!(
        faults(ended, Effect::None, &[]),
        [""; 0],
        "{}",
        ended.stderr
    );
    println!(
        "figure: {} calls, {} pods, {} watch events, {} programs in {:?}",
        ended.calls.len(),
        ended.pods,
        ended.events,
        ended.programs,
        ended.took
    );
    // Every kind of call is there to go wrong.
    for what in [
        "get version",
        "list nodes",
        "create namespaces",
        "create pods",
        "list pods",
        "watch pods",
        "log prober",
        "log place-0",
        "list events",
        "exec facts",
        "exec hash",
        "exec attempts",
        "exec prober",
        "delete pods",
        "delete namespaces",
    ] {
        let mut calls = ended.calls.iter();
        assert!(
            calls.any(|call| call.what == what),
            "{what}: {:?}",
            ended.calls
        );
    }
    let server = &ended.report["platforms"][0]["facts"]["kubernetes.version"];
    assert!(server.as_str().unwrap().contains("scripted"), "{server}");
}

/// A change to a run that ended well, and what must be found then.
type Lie = (&'static str, fn(&mut Ended));

const LIES: &[Lie] = &[
    ("it took", |ended| ended.took *= 10_000),
    ("it panicked", |ended| {
        ended.stderr.push_str("thread 'main' panicked at")
    }),
    ("exit 1", |ended| exit(ended, 1)),
    ("exit 6", |ended| exit(ended, 6)),
    ("the report says exit", |ended| ended.code = Some(5)),
    ("is harness-error", |ended| {
        ended.report["cells"][0]["outcome"] = json!("harness-error")
    }),
    ("with a cell that is none", |ended| {
        ended.report["cells"][0]["outcome"] = json!("environment-error");
    }),
    ("with a cell that is none", |ended| {
        ended.report["cells"] = json!([])
    }),
    ("the image is blamed", |ended| {
        *passed(ended) = json!("fail")
    }),
    ("certified by", |ended| *passed(ended) = json!("not-run")),
    ("stands as \"real\"", |ended| {
        ended.report["platforms"][0]["standing"] = json!("real")
    }),
    ("a level was reached", |ended| {
        ended.report["subjects"][0]["levels"][0]["level"] = json!("L1");
    }),
    ("left unsaid", |ended| ended.left.push("pods/p".to_owned())),
    ("the report names", |ended| {
        ended.left.push("namespaces/n".to_owned())
    }),
    ("without a cell", |ended| exit(ended, 5)),
    ("none of", |ended| {
        exit(ended, 5);
        ended.report["cells"][0]["outcome"] = json!("environment-error");
        ended.report["cells"][0]["reason"] = json!("something went wrong");
    }),
    ("exit 8 names nothing", |ended| exit(ended, 8)),
    ("did not", |ended| exit(ended, 5)),
];

/// The outcome of a check that passed.
fn passed(ended: &mut Ended) -> &mut Value {
    let checks = ended.report["checks"].as_array_mut().unwrap();
    let mut outcomes = checks.iter_mut().map(|check| &mut check["outcome"]);
    outcomes.find(|outcome| *outcome == "pass").unwrap()
}

fn exit(ended: &mut Ended, code: i32) {
    ended.code = Some(code);
    ended.report["exit_code"] = json!(code);
}

#[test]
fn every_wrong_end_is_found() {
    for (wanted, lie) in LIES {
        let mut ended = faultless().clone();
        lie(&mut ended);
        let found = faults(&ended, Effect::None, &["the cluster's words"]);
        let is_found = found.iter().any(|found| found.contains(wanted));
        assert!(is_found, "{wanted}: {found:?}");
    }
    let found = faults(faultless(), Effect::Unavailable, &[]);
    assert!(
        found.iter().any(|found| found.contains("not seen")),
        "{found:?}"
    );
}
