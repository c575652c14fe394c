//! Two real releases of a corpus outside the project: both parse, validate and resolve.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test, which prints how long things took"
)]
mod corpus;

use std::io::Read as _;

use camino::Utf8Path;
use chisel::{Format, Release, ReleaseFiles, SliceKey, Strictness, select};
use model::Arch;

/// The files of the packed release at `path`.
fn unpack(path: &Utf8Path) -> ReleaseFiles {
    let bytes = zstd::decode_all(fs_err::File::open(path).unwrap()).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry
            .path()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_start_matches("./")
            .to_owned();
        if entry.header().entry_type().is_file() && name != "LICENSE" {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.push((name, bytes));
        }
    }
    ReleaseFiles::from_pairs(path.as_str(), files)
}

#[test]
fn real_releases_parse_and_every_slice_resolves() {
    let Some(folder) = corpus::folder("chisel-releases") else {
        return;
    };
    let expected = [
        ("24.04", Format::V1, 605, 1810),
        ("26.04", Format::V3, 682, 2264),
    ];
    for (version, format, packages, slices) in expected {
        let files = unpack(&folder.join(format!("ubuntu-{version}.tar.zst")));
        let start = std::time::Instant::now();
        let release = Release::from_files(&files, Strictness::Foreign).unwrap();
        let parsed = start.elapsed();
        assert_eq!(release.format, format);
        assert_eq!(release.packages.len(), packages);
        assert_eq!(release.slices().count(), slices);
        let keys: Vec<SliceKey> = release.slices().map(|slice| slice.key.clone()).collect();
        for arch in Arch::ALL {
            for key in &keys {
                let selection = select(&release, std::slice::from_ref(key), arch).unwrap();
                // What is needed comes first, so the slice itself is last.
                assert_eq!(selection.slices.last().unwrap().key, *key);
            }
            assert_eq!(
                select(&release, &keys, arch).unwrap().slices.len(),
                keys.len()
            );
        }
        println!(
            "{version}: read and validated in {parsed:?}, resolved in {:?}",
            start.elapsed()
        );
        println!(
            "{version}: {} unknown keys: {:?}",
            release.unknown_keys.len(),
            release.unknown_keys
        );
    }
}
