//! How validation grows with a release.

use anyhow::Result;
use chisel::{Release, ReleaseFiles, Strictness};
use serde_json::{Map, Value, json};

use crate::calls::own;

/// Packages of the made-up releases, each with ten paths, four of them patterns.
const PACKAGES: [usize; 5] = [250, 500, 1000, 2000, 4000];

const CHISEL_YAML: &str = "format: v3
archives:
  debian: {version: 13, suites: [trixie], components: [main], public-keys: [key], priority: 1}
public-keys:
  key: {path: keys/key.asc}
maintenance: {standard: 2025-01-01, end-of-life: 2099-01-01}
";

pub(crate) fn measure(rows: &mut Map<String, Value>) -> Result<()> {
    let mut sizes = Vec::new();
    for packages in PACKAGES {
        let files = made_up(packages);
        let mut times = Vec::new();
        for _ in 0..3 {
            times.push(own(|| Ok(Release::from_files(&files, Strictness::Foreign)?))?.1);
        }
        times.sort_by(f64::total_cmp);
        let per_path_us = times[1] / (packages * 10) as f64 * 1e6;
        sizes.push(json!({
            "packages": packages,
            "paths": packages * 10,
            "cpu_s": times[1],
            "cpu_us_per_path": per_path_us,
        }));
    }
    crate::row(rows, "growth of validation", Value::Array(sizes));
    Ok(())
}

fn made_up(packages: usize) -> ReleaseFiles {
    let mut files = vec![
        ("chisel.yaml".to_owned(), CHISEL_YAML.as_bytes().to_vec()),
        ("keys/key.asc".to_owned(), b"not looked at".to_vec()),
    ];
    for at in 0..packages {
        // Names share starts as those of real libraries do.
        let name = format!("lib{}x{at}", at % 26);
        let text = format!(
            "package: {name}\nslices:\n  libs:\n    contents:\n      /usr/lib/*-linux-*/{name}.so*:\n      \
             /usr/lib/*-linux-*/{name}-?.so:\n      /usr/lib/{name}/**:\n      /usr/bin/{name}-*:\n  \
             data:\n    contents:\n      /usr/share/{name}/a:\n      /usr/share/{name}/b:\n      \
             /usr/share/{name}/c:\n      /usr/share/{name}/d:\n      /etc/{name}.conf:\n      \
             /usr/share/doc/{name}/copyright:\n"
        );
        files.push((format!("slices/{name}.yaml"), text.into_bytes()));
    }
    ReleaseFiles::from_pairs("made-up", files)
}
