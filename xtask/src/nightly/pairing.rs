//! The default baseline beside a real installation, for all programs.

use super::{Row, tested};

pub(super) const ROW: Row = Row {
    name: "pairing",
    holds: "each default baseline has the packages, files and start time of an mmdebstrap image",
    measure: || tested::run(&["--test", "pairing"], &[("CERTIFY_PAIRING", "all")]),
};
