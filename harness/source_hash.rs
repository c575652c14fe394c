//! A digest of crates' sources, shared by build scripts: it tells a helper binary that is older
//! than the program that calls it. FNV-1a, 64 bits: staleness, not security, is what it finds.

use std::path::{Path, PathBuf};

/// Sixteen hexadecimal digits over every `.rs`, `.json` and `Cargo.toml` of these crates.
#[allow(
    clippy::disallowed_methods,
    reason = "a build script has no dependencies"
)]
pub(crate) fn of(folder: &Path, crates: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for name in crates {
        let root = folder.join(name);
        println!("cargo:rerun-if-changed={}", root.display());
        for path in sources(&root) {
            let relative = path
                .strip_prefix(&root)
                .unwrap_or(&path)
                .display()
                .to_string();
            let bytes = std::fs::read(&path).unwrap_or_default();
            for byte in relative.bytes().chain(bytes) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x}")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "tests" {
                found.extend(sources(&path));
            }
        } else if name == "Cargo.toml" || name.ends_with(".rs") || name.ends_with(".json") {
            found.push(path);
        }
    }
    found.sort();
    found
}
