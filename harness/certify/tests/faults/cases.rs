//! Many runs, each with one fault at another place: all of them every night, some every time.

use std::sync::Mutex;

use crate::expected::{Effect, faults};
use crate::scene::run;
use crate::script::Script;

/// One run.
pub(crate) struct Case {
    pub(crate) script: Script,
    pub(crate) effect: Effect,
    pub(crate) words: &'static [&'static str],
}

/// Places of a fault in every landing; `CERTIFY_FAULTS=all` asks for all of them.
const SOME: usize = 4;

/// The places of 0 to `count` at which a fault is tried: all, or some at equal distances whose
/// first moves on every day. `CERTIFY_FAULTS_OFFSET` names it instead.
pub(crate) fn places(count: usize) -> Vec<usize> {
    if std::env::var("CERTIFY_FAULTS").as_deref() == Ok("all") || count <= SOME {
        return (0..count).collect();
    }
    (0..SOME)
        .map(|step| (offset() + step * count / SOME) % count)
        .collect()
}

fn offset() -> usize {
    match std::env::var("CERTIFY_FAULTS_OFFSET") {
        Ok(named) => named.parse().unwrap(),
        Err(_) => {
            let days = engine::clock::Clock::system().utc().as_second() / 86400;
            usize::try_from(days).unwrap()
        }
    }
}

/// Makes every run, and fails with all that is wrong with any.
pub(crate) fn all(what: &str, cases: Vec<Case>) {
    let count = cases.len();
    let cases = Mutex::new(cases);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    let unmet = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..count.min(8) {
            scope.spawn(|| {
                loop {
                    let next = cases.lock().unwrap().pop();
                    let Some(case) = next else { return };
                    let planned = format!("{:?}", case.script);
                    let ended = run(case.script);
                    // A run may make a few calls less than the one that was counted: then nothing
                    // went wrong in it.
                    let effect = if ended.met.is_some() {
                        case.effect
                    } else {
                        *unmet.lock().unwrap() += 1;
                        Effect::None
                    };
                    let found = faults(&ended, effect, case.words);
                    if !found.is_empty() {
                        let met = ended.met.as_deref().unwrap_or("no place");
                        let text = format!(
                            "at {met} ({planned}): {}\n{}",
                            found.join("; "),
                            ended.stderr
                        );
                        wrong.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let (wrong, unmet) = (wrong.into_inner().unwrap(), unmet.into_inner().unwrap());
    println!(
        "figure: {what}: {count} runs, offset {}, {unmet} without the fault",
        offset()
    );
    assert!(
        unmet * 3 <= count,
        "{unmet} of {count} runs did not meet their fault"
    );
    assert!(
        wrong.is_empty(),
        "{} of {count} runs ended wrongly:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}
