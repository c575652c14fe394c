//! Embeds the shipped data (image specs, their files, releases) and the digests of our own sources.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "../source_hash.rs"]
mod source_hash;

#[allow(
    clippy::disallowed_methods,
    reason = "a build script has no dependencies"
)]
fn main() {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.join("../..");
    let mut text = String::from("/// Every shipped file: path in the project, bytes.\n");
    text.push_str("pub static FILES: &[(&str, &[u8])] = &[\n");
    for folder in ["images", "releases"] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
        for path in files(&root.join(folder)) {
            let name = path
                .strip_prefix(&root)
                .unwrap_or(&path)
                .display()
                .to_string();
            let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
            let _ = writeln!(
                text,
                "    ({name:?}, include_bytes!({:?})),",
                whole.display().to_string()
            );
        }
    }
    text.push_str("];\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default()).join("shipped.rs");
    if let Err(error) = std::fs::write(&out, text) {
        panic!("could not write {}: {error}", out.display());
    }
    let sources = |crates: &[&str]| source_hash::of(&root.join("harness"), crates);
    println!("cargo:rustc-env=CERTIFY_PROBE_HASH={}", sources(&["probe"]));
    println!(
        "cargo:rustc-env=CERTIFY_LAUNCH_HASH={}",
        sources(&["launch"])
    );
    let all = [
        "model", "rootfs", "deb", "chisel", "image", "registry", "stats", "engine", "certify",
    ];
    let inner = sources(&all);
    let outer = source_hash::of(&root, &["platforms", "suites", "reports"]);
    println!("cargo:rustc-env=CERTIFY_BUILD_HASH={inner}{outer}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}
