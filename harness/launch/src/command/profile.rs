//! `seccomp`: compiles a profile and says what became of it.

use std::io::Write;
use std::path::Path;

use crate::error::{LaunchError, Result};
use crate::seccomp;

/// Prints the report of `path` as one JSON object; see [`seccomp::Report`].
pub(crate) fn profile(path: &Path) -> Result<()> {
    let told = |why| LaunchError::Json {
        path: path.to_owned(),
        why,
    };
    let profile = serde_json::from_slice(&fs_err::read(path)?).map_err(told)?;
    let filter = seccomp::compile(&profile)?;
    let text = serde_json::to_string(&filter.report).map_err(told)?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
