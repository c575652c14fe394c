//! Recorded cases that are not about this crate: `harness/certify/tests/program/recorded.rs` runs
//! them.

/// Their names. What is wrong with them is a word of the command line or the state of the folder
/// that is cut into.
pub(crate) const ELSEWHERE: &[&str] = &[
    "cli-release-bad-label",
    "cli-release-dir-missing",
    "cli-root-flag-missing",
    "cli-root-is-file",
    "cli-root-missing-dir",
    "cli-unknown-command",
    "cli-unknown-flag",
    "info-no-args",
    "maint-ignore-unknown",
];
