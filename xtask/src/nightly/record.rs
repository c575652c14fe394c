//! A row's figures, and where they are kept.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cargo;

/// What a row measured.
pub(super) struct Figures {
    /// Whether what must hold did.
    pub(super) holds: bool,
    /// The figures in a line.
    pub(super) said: String,
    /// All of them.
    pub(super) values: Value,
}

/// Writes `docs/nightly/<row>.json`.
pub(super) fn keep(row: &str, must: &str, figures: &Figures) -> Result<()> {
    let folder = cargo::root().join("docs/nightly");
    fs_err::create_dir_all(&folder)?;
    let document = json!({
        "row": row,
        "must_hold": must,
        "held": figures.holds,
        "said": figures.said,
        "date": date()?,
        "host": host(),
        "figures": figures.values,
    });
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    fs_err::write(folder.join(format!("{row}.json")), text)?;
    Ok(())
}

/// Today in UTC.
fn date() -> Result<String> {
    let shell = xshell::Shell::new()?;
    xshell::cmd!(shell, "date -u +%Y-%m-%d")
        .quiet()
        .read()
        .context("asking for the date")
}

/// Processors, memory and kernel: figures of different hosts are never compared.
fn host() -> Value {
    let read = |path: &str| fs_err::read_to_string(path).unwrap_or_default();
    let memory = read("/proc/meminfo");
    let kib = memory
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse::<u64>().ok());
    json!({
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "memory_gib": kib.map(|kib| kib >> 20),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_at_end": read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    })
}

/// Smallest, middle and largest of some numbers.
pub(super) fn spread(values: &[f64]) -> Value {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => Value::Null,
        sorted => json!({
            "n": sorted.len(),
            "min": sorted[0],
            "median": sorted[sorted.len() / 2],
            "max": sorted[sorted.len() - 1],
        }),
    }
}
