//! What this program is and what it was built from.

use std::io::Write;

use crate::error::Result;

/// The version of libcontainer in `Cargo.toml`.
const LIBCONTAINER: &str = "0.7";

/// A digest of the sources, given at build; the harness refuses a program built from others.
const SOURCE_HASH: &str = match option_env!("CERTIFY_SOURCE_HASH") {
    Some(hash) => hash,
    None => "unknown",
};

/// As runc prints it.
pub(crate) fn version() -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "launch version {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "commit: {SOURCE_HASH}")?;
    writeln!(out, "spec: {}", oci_spec::runtime::VERSION)?;
    writeln!(out, "libcontainer: {LIBCONTAINER}")?;
    Ok(())
}

/// One JSON object: `name`, `version`, `source_hash`, `libcontainer`.
pub(crate) fn build_info() -> Result<()> {
    let info = serde_json::json!({
        "name": "launch",
        "version": env!("CARGO_PKG_VERSION"),
        "source_hash": SOURCE_HASH,
        "libcontainer": LIBCONTAINER,
    });
    writeln!(std::io::stdout(), "{info}")?;
    Ok(())
}
