//! How fast images are cut.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Figures, Row};
use crate::{bench, cargo};

pub(super) const ROW: Row = Row {
    name: "cut",
    holds: "python is cut to uncompressed layers in at most 0.5 s, to compressed in at most 1.0 s",
    measure,
};

const MOST_UNCOMPRESSED_S: f64 = 0.5;
const MOST_COMPRESSED_S: f64 = 1.0;

fn measure() -> Result<Figures> {
    let printed = cargo::output("cargo bench", bench::cut())?;
    let values: Value = serde_json::from_str(&printed).context("reading the bench's figures")?;
    let median = |kind: &str| {
        let middle = &values["images"]["python"][kind]["median_s"];
        middle.as_f64().unwrap_or(f64::NAN)
    };
    let (uncompressed, compressed) = (median("uncompressed"), median("compressed"));
    Ok(Figures {
        holds: uncompressed <= MOST_UNCOMPRESSED_S && compressed <= MOST_COMPRESSED_S,
        said: format!("python: uncompressed {uncompressed:.2} s, compressed {compressed:.2} s"),
        values,
    })
}
