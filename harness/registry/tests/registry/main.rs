//! A client against registries: one in this process with faults on demand, and a real one.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests say why they are skipped, and see how long things take"
)]

mod credentials;
mod encrypted;
mod faults;
mod pulling;
mod pushing;
mod referrers;
mod scene;
mod served;
