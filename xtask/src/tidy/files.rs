//! Size and docs of source files. The width of lines is rustfmt's.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cargo;

/// Most lines of a source file, tests included.
const MOST_LINES: usize = 700;

pub(super) fn check() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in sources()? {
        let text = fs_err::read_to_string(&path)?;
        let name = path
            .strip_prefix(cargo::root())
            .unwrap_or(&path)
            .display()
            .to_string();
        let lines = text.lines().count();
        if lines > MOST_LINES {
            findings.push(format!("{name}: {lines} lines, at most {MOST_LINES}"));
        }
        let documented = text.starts_with("//!") || text.starts_with("#![");
        if !documented {
            findings.push(format!("{name}: does not start with its module doc"));
        }
    }
    Ok(findings)
}

/// Every Rust file of the project.
pub(super) fn sources() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["xtask", "harness", "platforms", "suites", "reports"] {
        walk(&cargo::root().join(folder), "rs", &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// Every file under `folder` with this extension.
pub(super) fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, extension, found)?;
        } else if path.extension().is_some_and(|have| have == extension) {
            found.push(path);
        }
    }
    Ok(())
}
