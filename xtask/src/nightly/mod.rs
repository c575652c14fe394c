//! Tier B of the gate: what takes too long for every landing. One row a file, one line here.
//!
//! Each row's last figures are kept under `docs/nightly/`, with the date and the host they are of.

mod calibration;
mod certify;
mod cold;
mod columns;
mod controls;
mod cut;
mod faults;
mod fuzz;
mod kills;
mod kind;
mod minors;
mod pairing;
mod record;
mod release;
mod repeats;
mod runtimes;
mod scanners;
mod slices;
mod speed;
mod testbed;
mod tested;
mod variants;

use anyhow::{Result, bail, ensure};

use crate::{build, cargo};
use record::Figures;

/// A row of tier B.
struct Row {
    /// Its name: `--row NAME`.
    name: &'static str,
    /// What must hold, in a line.
    holds: &'static str,
    /// Measures it.
    measure: fn() -> Result<Figures>,
}

const ROWS: &[Row] = &[
    speed::ROW,
    cut::ROW,
    slices::ROW,
    repeats::ROW,
    controls::ROW,
    kills::ROW,
    faults::ROW,
    fuzz::ROW,
    pairing::ROW,
    scanners::ROW,
    variants::ROW,
    kind::ROW,
    columns::ROW,
    runtimes::ROW,
    minors::NEXT,
    minors::LAST,
    minors::OLDEST,
    testbed::ROW,
    calibration::ROW,
    release::ROW,
    cold::ROW,
];

/// Runs every row, or the named ones, to their end; fails if one does not hold.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let rows = chosen(arguments)?;
    build::all()?;
    let mut failed = Vec::new();
    for row in rows {
        cargo::say(&format!("     Row  {}: {}", row.name, row.holds));
        let figures = (row.measure)().unwrap_or_else(|error| Figures {
            holds: false,
            said: format!("{error:#}"),
            values: serde_json::Value::Null,
        });
        let word = if figures.holds { "holds" } else { "fails" };
        cargo::say(&format!("          {word}: {}", figures.said));
        record::keep(row.name, row.holds, &figures)?;
        if !figures.holds {
            failed.push(row.name);
        }
    }
    ensure!(
        failed.is_empty(),
        "rows that do not hold: {}",
        failed.join(", ")
    );
    Ok(())
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Row>> {
    let mut rows = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let name = match (word.as_str(), words.next()) {
            ("--row", Some(name)) => name,
            _ => bail!("unknown argument `{word}` (known: --row NAME, again for another)"),
        };
        match ROWS.iter().find(|row| row.name == name) {
            Some(row) => rows.push(row),
            None => {
                let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
                bail!("there is no row `{name}` (known: {})", known.join(", "));
            }
        }
    }
    if rows.is_empty() {
        rows.extend(ROWS);
    }
    Ok(rows)
}
