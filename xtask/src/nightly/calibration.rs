//! The judges against many simulated runs.

use super::{Row, tested};

pub(super) const ROW: Row = Row {
    name: "calibration",
    holds: "over 400 simulated runs a truth, no wrong answer comes more often than its error rate",
    measure: || tested::run(&["--test", "truth"], &[("CERTIFY_TRUTH_RUNS", "400")]),
};
