//! What a run may come to when something goes wrong in its cluster.

use serde_json::Value;

use crate::scene::{Ended, LIMIT, faultless};

/// What a fault may do to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it passes by.
    None,
    /// The run has no verdict on what came after it, and says in the cluster's words why.
    Unavailable,
    /// One or the other, whichever the moment of the fault makes of it.
    Either,
}

/// What is wrong with the end of a run.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn demand(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.0.push(what.into());
        }
    }
}

/// Everything that is wrong with how a run ended; `words` are what the cluster said last, in any of
/// the forms in which a client hears it.
pub(crate) fn faults(ended: &Ended, effect: Effect, words: &[&str]) -> Vec<String> {
    let mut found = Findings::default();
    as_a_program(ended, &mut found);
    blames_no_image(&ended.report, &mut found);
    is_a_rehearsal(&ended.report, &mut found);
    leaves_nothing_unsaid(ended, &mut found);
    match ended.code {
        Some(0) => is_whole(ended, &mut found),
        Some(5) => says_why(&ended.report, words, &mut found),
        Some(8) => says_what_is_left(ended, words, &mut found),
        code => found.demand(false, format!("exit {}", code.unwrap_or(-1))),
    }
    let passed = ended.code == Some(0);
    match effect {
        Effect::None => found.demand(passed, "a fault that passes by did not"),
        Effect::Unavailable => found.demand(!passed, "a lasting fault was not seen"),
        Effect::Either => {}
    }
    found.0
}

/// It ends in time and reports what it says.
fn as_a_program(ended: &Ended, found: &mut Findings) {
    let report = &ended.report;
    found.demand(ended.took <= LIMIT, format!("it took {:?}", ended.took));
    found.demand(!ended.stderr.contains("panicked"), "it panicked");
    let agrees = ended.code.is_some_and(|code| report["exit_code"] == code);
    let told = &report["exit_code"];
    found.demand(agrees, format!("the report says exit {told}"));
    found.demand(report["complete"] == true, "the report is not complete");
}

/// Whatever happened is neither the image's doing nor the harness's.
fn blames_no_image(report: &Value, found: &mut Findings) {
    for (cell, outcome) in outcomes(report) {
        let right = matches!(outcome, "pass" | "environment-error");
        found.demand(right, format!("{cell} is {outcome}"));
    }
    let blamed = list(&report["checks"]).any(|check| check["outcome"] == "fail");
    found.demand(!blamed, "the image is blamed");
}

/// A scripted cluster never reads as a real one.
fn is_a_rehearsal(report: &Value, found: &mut Findings) {
    for platform in list(&report["platforms"]) {
        let standing = &platform["standing"];
        let right = standing == "rehearsal";
        found.demand(right, format!("the platform stands as {standing}"));
    }
    let levels = list(&report["subjects"]).flat_map(|subject| list(&subject["levels"]));
    let reached = levels.filter(|level| !level["level"].is_null()).count();
    found.demand(reached == 0, "a level was reached");
}

/// What is left in the cluster lies in a namespace that the report names.
fn leaves_nothing_unsaid(ended: &Ended, found: &mut Findings) {
    let named = left_by(&ended.report);
    for object in &ended.left {
        let Some(name) = object.strip_prefix("namespaces/") else {
            continue;
        };
        let is_named = named.iter().any(|named| named.contains(name));
        found.demand(
            is_named,
            format!("{object} is left and the report names {named:?}"),
        );
    }
}

/// Certified by as much as without a fault, and all gone.
fn is_whole(ended: &Ended, found: &mut Findings) {
    let passed = |report: &Value| {
        let checks = list(&report["checks"]);
        checks.filter(|check| check["outcome"] == "pass").count()
    };
    let (here, all) = (passed(&ended.report), passed(&faultless().report));
    found.demand(
        all_passed(&ended.report),
        "certified with a cell that is none",
    );
    found.demand(
        here == all && all > 0,
        format!("certified by {here} of {all} checks"),
    );
    let gone = ended.left.is_empty() && left_by(&ended.report).is_empty();
    found.demand(gone, format!("left unsaid: {:?}", ended.left));
}

/// Each cell without a verdict has the cluster's last words.
fn says_why(report: &Value, words: &[&str], found: &mut Findings) {
    let cells = list(&report["cells"]).filter(|cell| cell["outcome"] == "environment-error");
    let reasons: Vec<&str> = cells.filter_map(|cell| cell["reason"].as_str()).collect();
    found.demand(!reasons.is_empty(), "exit 5 without a cell that says why");
    for reason in reasons {
        let says = words.iter().any(|words| reason.contains(words));
        found.demand(says, format!("none of {words:?} in: {reason}"));
    }
}

/// Everything was decided, and something could not be removed: it is named, with the reason.
fn says_what_is_left(ended: &Ended, words: &[&str], found: &mut Findings) {
    found.demand(all_passed(&ended.report), "exit 8 hides a cell");
    let named = !left_by(&ended.report).is_empty();
    found.demand(named, "exit 8 names nothing");
    let says = words.iter().any(|words| ended.stderr.contains(words));
    found.demand(says, format!("none of {words:?} in: {}", ended.stderr));
}

fn all_passed(report: &Value) -> bool {
    outcomes(report).count() == 2 && outcomes(report).all(|(_, outcome)| outcome == "pass")
}

fn left_by(report: &Value) -> Vec<&str> {
    let left = list(&report["cleanup"]["left"]);
    left.filter_map(Value::as_str).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn outcomes(report: &Value) -> impl Iterator<Item = (&str, &str)> {
    list(&report["cells"]).map(|cell| {
        let word = |key: &str| cell[key].as_str().unwrap_or_default();
        (word("id"), word("outcome"))
    })
}
