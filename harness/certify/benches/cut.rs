//! How fast the shipped images are cut: from verified packages in the download cache to layers.
//!
//! `cargo xtask bench` builds this in the profile in which certify runs. Finish steps, downloads and
//! the cache of images are left out. A line per image on standard error, JSON on standard output.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints its figures"
)]

use anyhow::{Context, Result, anyhow};
use certify::rooms::archives::{self, Archives, Mirrors};
use certify::rooms::intent;
use certify::shipped::Shelf;
use chisel::{Release, ReleaseFiles, ScriptLimits, SliceKey, Strictness};
use engine::clock::{Clock, millis};
use image::{PackedLayer, TarStream};
use model::Arch;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const RELEASE: &str = "debian-13";
const TIMES: usize = 15;
/// Any one time does; it is part of the bytes.
const MTIME_S: u64 = 1_754_697_600;

fn main() -> Result<()> {
    certify::prepare();
    let shelf = Shelf::open(None)?;
    let files = shelf.release(RELEASE)?;
    let release = Release::from_files(&ReleaseFiles::from_pairs(RELEASE, files), Strictness::Own)?;
    let mirrors = Mirrors::read(&[], &shelf)?;
    let arch = Arch::host().context("this architecture is not one of ours")?;
    let clock = Clock::system();
    let host = (arch, clock);
    let stop = CancellationToken::new();
    let opened = clock.monotonic();
    let archives = Archives::open(&archives::cache(), &release, &mirrors, host, &stop)?;
    let open_s = millis(clock.monotonic().since(opened)) / 1000.0;
    let mut images = serde_json::Map::new();
    for name in shelf.images()? {
        let spec = intent::image(&name, &shelf)?.spec;
        let wanted: Vec<SliceKey> = spec.slices[RELEASE]
            .iter()
            .map(|text| text.parse().map_err(|error| anyhow!("{error}")))
            .collect::<Result<_>>()?;
        let selection = chisel::select(&release, &wanted, arch)?;
        // Once before the clock runs, so that everything is downloaded.
        archives.fetch(&chisel::records(&selection, &archives)?)?;
        let (mut to_tar, mut to_layer) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let layers = |tree: &rootfs::Tree| {
                let stream = TarStream::of(tree, MTIME_S)?;
                anyhow::ensure!(!stream.pieces().is_empty(), "an empty layer");
                Ok(())
            };
            to_tar.push(cut(&selection, &archives, layers)?);
            let level = spec.layer.level;
            let packed = |tree: &rootfs::Tree| {
                PackedLayer::of(tree, MTIME_S, level)?;
                Ok(())
            };
            to_layer.push(cut(&selection, &archives, packed)?);
        }
        eprintln!(
            "{name:>8}  uncompressed {:.2} s, compressed {:.2} s (medians of {TIMES})",
            median(&mut to_tar),
            median(&mut to_layer)
        );
        let spread = |times: &mut Vec<f64>| {
            let middle = median(times);
            json!({"median_s": middle, "min_s": times[0], "max_s": times[times.len() - 1]})
        };
        images.insert(
            name,
            json!({"uncompressed": spread(&mut to_tar), "compressed": spread(&mut to_layer)}),
        );
    }
    println!(
        "{}",
        json!({"times": TIMES, "archives_open_s": open_s, "images": images})
    );
    Ok(())
}

/// Seconds from the selection to what `then` makes of the tree.
fn cut(
    selection: &chisel::Selection<'_>,
    archives: &Archives,
    then: impl Fn(&rootfs::Tree) -> Result<()>,
) -> Result<f64> {
    let clock = Clock::system();
    let began = clock.monotonic();
    let records = chisel::records(selection, archives)?;
    archives.fetch(&records)?;
    let cut = chisel::cut(selection, archives, ScriptLimits::STANDARD)?;
    then(&cut.rootfs.tree)?;
    Ok(millis(clock.monotonic().since(began)) / 1000.0)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
