//! A program in a container whose connection breaks, or that says nothing.

use crate::cases::{Case, all};
use crate::expected::Effect;
use crate::scene::faultless;
use crate::script::{ProgramFault, Script};

fn strike(what: &str, fault: ProgramFault, words: &'static [&'static str]) {
    // There are few.
    let cases = (0..faultless().programs).map(|number| Case {
        script: Script {
            program: Some((number, fault)),
            ..Script::default()
        },
        effect: Effect::Unavailable,
        words,
    });
    all(what, cases.collect());
}

#[test]
fn a_connection_that_breaks_is_told() {
    strike(
        "program cut",
        ProgramFault::Broken,
        &["broke off", "no answer within"],
    );
}

#[test]
fn a_program_that_says_nothing_is_told() {
    strike("program silent", ProgramFault::Silent, &["within"]);
}
