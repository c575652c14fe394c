//! A call that the server answers otherwise: once, and from then on.

use crate::cases::{Case, all, places};
use crate::expected::Effect;
use crate::scene::{LATE, faultless};
use crate::script::{Answer, CallFault, Lasts, Script};

/// Every place, and in any case those of lists and watches when `lists` says so.
fn strike(what: &str, how: Answer, lasts: Lasts, words: &'static [&'static str], lists: bool) {
    let calls = &faultless().calls;
    let mut numbers = places(calls.len());
    if lists {
        let is_list = |number: &usize| {
            let what = &calls[*number].what;
            what.starts_with("list ") || what.starts_with("watch ")
        };
        numbers.extend((0..calls.len()).filter(is_list).take(4));
    }
    numbers.sort_unstable();
    numbers.dedup();
    let effect = match (how, lasts) {
        (Answer::Unauthorized, _) | (_, Lasts::ForEver) => Effect::Unavailable,
        (_, Lasts::Once) => Effect::None,
    };
    let cases = numbers.into_iter().map(|number| Case {
        script: Script {
            call: Some(CallFault { number, how, lasts }),
            ..Script::default()
        },
        // What nobody needs for the verdict may fail: then nothing is missing.
        effect: match calls[number].what.as_str() {
            "get configz" | "get metrics" if lasts == Lasts::Once => Effect::None,
            // What does not answer the first question at all may be no API server.
            "get version" if matches!(how, Answer::Slow(_) | Answer::Lost) => Effect::Unavailable,
            "watch pods" | "list pods" if how == Answer::Unauthorized && lasts == Lasts::Once => {
                Effect::Either
            }
            _ => effect,
        },
        words,
    });
    all(what, cases.collect());
}

const BUSY: &[&str] = &[
    "Too many requests, please try again later",
    "429 Too Many Requests",
];
const UNWELL: &[&str] = &["etcdserver: leader changed", "500 Internal Server Error"];
const EXPIRED: &[&str] = &["Unauthorized"];
const LATE_WORDS: &[&str] = &["no answer within", "no document within"];
const CUT: &[&str] = &["connection closed", "SendRequest"];

#[test]
fn a_single_429_passes_by() {
    strike(
        "429 once",
        Answer::TooManyRequests,
        Lasts::Once,
        BUSY,
        false,
    );
}

#[test]
fn a_server_that_stays_busy_is_named() {
    strike(
        "429 for ever",
        Answer::TooManyRequests,
        Lasts::ForEver,
        BUSY,
        false,
    );
}

#[test]
fn a_single_500_passes_by() {
    strike(
        "500 once",
        Answer::InternalError,
        Lasts::Once,
        UNWELL,
        false,
    );
}

#[test]
fn a_server_that_stays_unwell_is_named() {
    strike(
        "500 for ever",
        Answer::InternalError,
        Lasts::ForEver,
        UNWELL,
        false,
    );
}

#[test]
fn an_expired_token_is_named() {
    strike(
        "401 for ever",
        Answer::Unauthorized,
        Lasts::ForEver,
        EXPIRED,
        false,
    );
}

#[test]
fn a_single_slow_answer_passes_by() {
    strike(
        "slow once",
        Answer::Slow(LATE),
        Lasts::Once,
        LATE_WORDS,
        true,
    );
}

#[test]
fn a_server_that_stays_slow_is_named() {
    strike(
        "slow for ever",
        Answer::Slow(LATE),
        Lasts::ForEver,
        LATE_WORDS,
        true,
    );
}

#[test]
fn a_single_lost_answer_passes_by() {
    strike("lost once", Answer::Lost, Lasts::Once, CUT, false);
}

#[test]
fn a_connection_that_stays_cut_is_named() {
    strike("lost for ever", Answer::Lost, Lasts::ForEver, CUT, false);
}
