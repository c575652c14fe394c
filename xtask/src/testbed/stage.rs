//! Steps kept by the content of their inputs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::cargo;

/// What a step depends on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input<'a> {
    /// A file, or every file below a folder, with paths.
    Path(&'a Path),
    /// A word: a version, an option.
    Word(&'a str),
}

/// The folder kept for `inputs`; filled by `fill` if there is none. Filled aside and renamed, so what
/// a killed program left is never taken for a whole step.
pub(super) fn keep(
    cache: &Path,
    name: &str,
    inputs: &[Input<'_>],
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let digest = digest(inputs)?;
    let kept = cache.join(format!("{name}-{}", &digest[..12]));
    if kept.is_dir() {
        return Ok(kept);
    }
    cargo::say(&format!(" Testbed  building {name}"));
    let part = cache.join(format!("part-{name}-{}", std::process::id()));
    if part.exists() {
        fs_err::remove_dir_all(&part)?;
    }
    fs_err::create_dir_all(&part)?;
    let filled = fill(&part).with_context(|| format!("building {name} of the testbed"));
    if let Err(error) = filled {
        let _ = fs_err::remove_dir_all(&part);
        return Err(error);
    }
    fs_err::rename(&part, &kept)?;
    Ok(kept)
}

/// The digest of all inputs, in hexadecimal digits.
pub(super) fn digest(inputs: &[Input<'_>]) -> Result<String> {
    let mut hasher = Sha256::new();
    for input in inputs {
        match input {
            Input::Word(word) => hasher.update(format!("word {word}\n")),
            Input::Path(path) => {
                for file in files(path)? {
                    let name = file.strip_prefix(path).unwrap_or(&file);
                    let content = hex(&Sha256::digest(fs_err::read(&file)?));
                    hasher.update(format!("file {} {content}\n", name.display()));
                }
            }
        }
    }
    Ok(hex(&hasher.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs_err::read_dir(path)? {
        found.extend(files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}
