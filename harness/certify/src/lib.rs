//! The certification harness as a library: every verb of the binary, callable.
