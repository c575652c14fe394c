//! The real program against a scripted API server in which something goes wrong: each fault at every
//! place where it can strike.
//!
//! Whatever a cluster does, a run ends in time, blames no image for it, certifies nothing that it
//! has not seen, leaves nothing behind that it does not name, and says what the cluster said last.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod cases;
mod cluster;
mod documents;
mod expected;
mod faultless;
mod first_only;
mod in_calls;
mod in_pods;
mod in_programs;
mod in_watches;
mod scene;
mod script;
mod untold;
