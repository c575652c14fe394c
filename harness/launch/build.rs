//! Embeds the digest of this program's own sources, so that certify can refuse a stale one.

use std::path::Path;

#[path = "../source_hash.rs"]
mod source_hash;

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let harness = Path::new(&here).parent().unwrap_or(Path::new("."));
    let hash = source_hash::of(harness, &[name.as_str()]);
    println!("cargo:rustc-env=CERTIFY_SOURCE_HASH={hash}");
}
