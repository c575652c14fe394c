//! The watch breaks, closes, is too old, or falls silent.

use crate::cases::{Case, all, places};
use crate::expected::Effect;
use crate::scene::faultless;
use crate::script::{Lasts, Script, WatchEnd, WatchFault};

/// What does not come is late; an end that lay before a watch that began anew was never told.
const WORDS: &[&str] = &["not within", "did not say how it ended"];

fn strike(what: &str, how: WatchEnd, lasts: Lasts, effect: Effect) {
    let cases = places(faultless().events).into_iter().map(|after| Case {
        script: Script {
            watch: Some(WatchFault { after, how, lasts }),
            ..Script::default()
        },
        effect,
        words: WORDS,
    });
    all(what, cases.collect());
}

#[test]
fn a_watch_that_breaks_is_taken_up_again() {
    strike("broken once", WatchEnd::Broken, Lasts::Once, Effect::None);
}

#[test]
fn watches_that_always_break_end_nothing_wrongly() {
    strike(
        "broken for ever",
        WatchEnd::Broken,
        Lasts::ForEver,
        Effect::Either,
    );
}

#[test]
fn a_watch_that_is_closed_is_taken_up_again() {
    strike("closed once", WatchEnd::Closed, Lasts::Once, Effect::None);
}

#[test]
fn watches_that_always_close_do_no_harm() {
    strike(
        "closed for ever",
        WatchEnd::Closed,
        Lasts::ForEver,
        Effect::None,
    );
}

#[test]
fn a_watch_that_is_too_old_lists_anew() {
    strike("410 once", WatchEnd::Gone, Lasts::Once, Effect::None);
}

#[test]
fn watches_that_are_always_too_old_end_nothing_wrongly() {
    strike(
        "410 for ever",
        WatchEnd::Gone,
        Lasts::ForEver,
        Effect::Either,
    );
}

#[test]
fn a_watch_that_falls_silent_is_told() {
    strike("silent", WatchEnd::Silent, Lasts::Once, Effect::Unavailable);
}
