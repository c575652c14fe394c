//! The line that `probe stamp` writes before the entrypoint runs.

use serde::{Deserialize, Serialize};

/// Three clocks and the pid, read at the probe's first instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// `CLOCK_MONOTONIC`, nanoseconds.
    pub monotonic_ns: u64,
    /// `CLOCK_REALTIME`, nanoseconds since the epoch.
    pub realtime_ns: u64,
    /// `CLOCK_BOOTTIME`, nanoseconds.
    pub boottime_ns: u64,
    /// The pid in its own pid namespace; the entrypoint keeps it.
    pub pid: u32,
}

impl Stamp {
    /// What the line begins with; a JSON object and a newline follow.
    pub const PREFIX: &'static str = "certify-stamp ";

    /// Reads a stamp from one line of output; nothing if the line is not one.
    pub fn from_line(line: &str) -> Option<Self> {
        let json = line.trim_end().strip_prefix(Self::PREFIX)?;
        serde_json::from_str(json).ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::Stamp;

    #[test]
    fn reads_only_whole_stamps() {
        let good =
            "certify-stamp {\"monotonic_ns\":1,\"realtime_ns\":2,\"boottime_ns\":3,\"pid\":4}";
        let stamp = Stamp::from_line(good).expect("a stamp");
        assert_eq!((stamp.monotonic_ns, stamp.pid), (1, 4));
        for bad in [
            "",
            "certify-stamp",
            "certify-stamp {}",
            "certify-stamp {\"pid\":1",
            "x",
        ] {
            assert_eq!(Stamp::from_line(bad), None, "{bad}");
        }
    }
}
