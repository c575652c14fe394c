//! `probe`: a static program that stamps, polls and looks at a container from inside.
//!
//! It has no run-time start code of its own (`no_main`): `probe stamp` must leave signals, files
//! and memory as it found them and cost next to nothing before it execs the entrypoint.

#![cfg_attr(not(test), no_main)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the bans point to crates of the harness; this program stands on std and libc alone"
)]

mod attempts;
mod entry;
mod facts;
mod hash;
mod memory;
mod prober;
mod repeat;
mod stamp;
mod sys;
mod target;
mod turns;
mod verbs;
