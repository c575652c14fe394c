//! Ubuntu as users have it: the real program against everything it connects to by default.
//!
//! The standard proxy variables lead it to a server of the test that answers for the hosts of
//! `hosts.yaml`, with encryption where they have it. So the addresses are the program's own, and
//! nothing in it can be told to go elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test speaks, starts programs and reads files by itself"
)]

#[path = "../../../chisel/tests/corpus/mod.rs"]
mod corpus;
mod hosts;
mod obtained;
mod real;
mod scene;
mod specs;
mod stand_in;
mod subscriptions;
mod third_party;
mod web;
