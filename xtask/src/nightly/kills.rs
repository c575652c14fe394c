//! Fifty runs killed at random times.

use super::{Row, tested};

pub(super) const ROW: Row = Row {
    name: "kills",
    holds: "of 50 runs killed at random times `report` says 4 each time, and `sweep` removes all",
    measure: || tested::run(&["--test", "main_job", "kill"], &[("CERTIFY_KILLS", "50")]),
};
