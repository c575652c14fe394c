//! The real program as a process, on an archive and images of the tests' own: what bad input, bad
//! luck and company do to it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod archives;
mod configuration;
mod doctor;
mod documents;
mod front;
mod host;
mod inputs;
mod interrupts;
mod kept;
mod lint;
mod readiness;
mod recorded;
mod scene;
mod slices;
mod together;
