//! A client against registries: one in this process with faults on demand, and a real one.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod credentials;
mod faults;
mod pulling;
mod pushing;
mod referrers;
mod scene;
mod served;
