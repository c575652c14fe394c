//! The release build makes the same bytes.

use super::{Row, tested};

pub(super) const ROW: Row = Row {
    name: "release",
    holds: "a release build gives the committed digest, as the debug build does",
    measure: || tested::run(&["--release", "--test", "same_bytes"], &[]),
};
