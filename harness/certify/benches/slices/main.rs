//! How fast slices are validated and cut: the released program and, where it is installed, the
//! reference tool, as whole processes side by side on the same packages.
//!
//! `cargo xtask bench slices` builds and calls it in the release profile. CPU is user and system
//! time of the process and its threads. Packages are those of the host's Debian archive, served
//! from the loopback by an archive that is signed here; nothing else is downloaded while a clock
//! runs, and everything is written into memory where that can be. A line per row on standard error, JSON on standard output.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench prints its figures, starts programs and reads files by itself"
)]

mod calls;
mod cuts;
mod growth;
mod indexes;
mod parts;
mod releases;
mod world;

use anyhow::Result;
use serde_json::{Map, Value};

fn main() -> Result<()> {
    certify::prepare();
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|word| word == name);
    let mut rows = Map::new();
    if wanted("releases") {
        releases::measure(&mut rows)?;
    }
    if wanted("growth") {
        growth::measure(&mut rows)?;
    }
    if wanted("indexes") {
        indexes::measure(&mut rows)?;
    }
    if wanted("cuts") {
        cuts::measure(&mut rows)?;
    }
    println!("{}", Value::Object(rows));
    Ok(())
}

/// Says a row and keeps its figures.
fn row(rows: &mut Map<String, Value>, name: &str, figures: Value) {
    eprintln!("{name}: {figures}");
    rows.insert(name.to_owned(), figures);
}
