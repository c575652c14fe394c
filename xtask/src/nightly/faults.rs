//! Every fault of a cluster at every place where it can strike.

use super::{Row, tested};

pub(super) const ROW: Row = Row {
    name: "faults",
    holds: "each fault of a scripted cluster, at every call, pod, watch event and program, ends in \
            the right outcome, in time, with the cluster's last words",
    measure: || tested::run(&["--test", "faults"], &[("CERTIFY_FAULTS", "all")]),
};
