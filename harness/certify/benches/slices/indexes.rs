//! The package index of the host's archive: cold from its packed forms, and kept.

use std::io::Write as _;

use anyhow::{Context, Result};
use bytes::Bytes;
use deb::{Compression, Index, Limits, unpack};
use model::Arch;
use serde_json::{Map, Value, json};

use crate::calls::own;
use crate::world::{World, scratch};

const TIMES: usize = 5;

pub(crate) fn measure(rows: &mut Map<String, Value>) -> Result<()> {
    let text = World::index_text()?;
    let arch = Arch::host().context("this architecture is not one of ours")?;
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
    xz.write_all(text.as_bytes())?;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gz.write_all(text.as_bytes())?;
    let folder = scratch()?;
    let kept = folder.path().join("index");
    let mut figures = Map::new();
    let forms = [
        ("xz", Compression::Xz, xz.finish()?),
        ("gz", Compression::Gzip, gz.finish()?),
    ];
    for (name, compression, packed) in forms {
        let packed = Bytes::from(packed);
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let cold = || {
                let plain = unpack(compression, &packed, &Limits::PACKAGE)?;
                let index = Index::build(std::str::from_utf8(&plain)?, arch)?;
                fs_err::write(&kept, index.bytes())?;
                Ok(index.len())
            };
            times.push(own(cold)?.1);
        }
        times.sort_by(f64::total_cmp);
        figures.insert(format!("cold_from_{name}_cpu_s"), times[TIMES / 2].into());
    }
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let warm = || {
            let index = Index::open(fs_err::read(&kept)?.into())?;
            Ok(index.named("python3.13").len() + index.named("libc6").len())
        };
        times.push(own(warm)?.1);
    }
    times.sort_by(f64::total_cmp);
    figures.insert("kept_cpu_s".to_owned(), times[TIMES / 2].into());
    let packages = text.matches("\nPackage: ").count() + 1;
    figures.insert("packages".to_owned(), packages.into());
    figures.insert("plain_mb".to_owned(), json!(text.len() as f64 / 1e6));
    crate::row(rows, "index", Value::Object(figures));
    Ok(())
}
