//! Releases: no text makes the reader panic, and what it accepts is accepted again from the kept
//! form.
#![no_main]

use chisel::{Release, ReleaseFiles, Strictness};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Two files in one input: the release's and one package's.
    let cut = data.windows(5).position(|bytes| bytes == b"\n===\n");
    let (release, slices) = match cut {
        Some(at) => (&data[..at + 1], &data[at + 5..]),
        None => (&include_bytes!("../seeds/chisel.yaml")[..], data),
    };
    let files = [
        ("chisel.yaml", release.to_vec()),
        ("keys/key.asc", include_bytes!("../seeds/key.asc").to_vec()),
        ("slices/tiny.yaml", slices.to_vec()),
    ];
    let files = ReleaseFiles::from_pairs("fuzzed", files);
    for strictness in [Strictness::Own, Strictness::Foreign] {
        if let Ok(release) = Release::from_files(&files, strictness) {
            for slice in release.slices() {
                let key = std::slice::from_ref(&slice.key);
                for arch in model::Arch::ALL {
                    chisel::select(&release, key, arch).expect("a valid release's closure");
                }
            }
        }
    }
});
