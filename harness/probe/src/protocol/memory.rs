//! What the processes of a container have mapped: `probe memory`.

use serde::{Deserialize, Serialize};

/// The document of `probe memory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Processes that were read, the probe left out.
    pub processes: u32,
    /// Sum of their proportional set sizes.
    pub pss_bytes: u64,
    /// The anonymous part of it.
    pub pss_anon_bytes: u64,
    /// Processes that could not be read, and why; the sums lack them.
    pub unreadable: Vec<String>,
}

/// A sum of `/proc/PID/smaps_rollup` in bytes, by its name with the colon: `Pss:`. Source: `proc(5)`.
pub fn rollup_bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
