//! Finding the programs that run beside and inside containers, and refusing stale ones.

use anyhow::{Context, Result, bail};
use camino::Utf8PathBuf;
use engine::Libexec;
use serde::Deserialize;

/// What `--build-info` of a helper program prints.
#[derive(Debug, Deserialize)]
struct BuildInfo {
    source_hash: String,
}

/// Finds `probe` and `launch`: in `CERTIFY_LIBEXEC`, then in `libexec` beside this program (one
/// folder up for test binaries), and compares their sources' digests with the ones this program
/// was built beside.
pub fn find() -> Result<Libexec> {
    let own = std::env::current_exe().context("where this program lies")?;
    let mut folders: Vec<Utf8PathBuf> = Vec::new();
    if let Some(named) = std::env::var_os("CERTIFY_LIBEXEC") {
        folders.push(Utf8PathBuf::from(named.to_string_lossy().into_owned()));
    } else {
        for folder in own.ancestors().skip(1).take(2) {
            folders.push(Utf8PathBuf::from(
                folder.join("libexec").to_string_lossy().into_owned(),
            ));
        }
    }
    let folder = folders
        .iter()
        .find(|folder| folder.join("probe").is_file() && folder.join("launch").is_file())
        .with_context(|| {
            let places: Vec<&str> = folders.iter().map(|folder| folder.as_str()).collect();
            format!(
                "probe and launch are not in {}; build them with `cargo xtask libexec`",
                places.join(" nor in ")
            )
        })?;
    let libexec = Libexec {
        probe: folder.join("probe"),
        launch: folder.join("launch"),
    };
    fresh(&libexec.probe, env!("CERTIFY_PROBE_HASH"))?;
    fresh(&libexec.launch, env!("CERTIFY_LAUNCH_HASH"))?;
    Ok(libexec)
}

fn fresh(program: &Utf8PathBuf, wanted: &str) -> Result<()> {
    let output = crate::command::new(program)
        .arg("--build-info")
        .output()
        .with_context(|| format!("running {program} --build-info"))?;
    let info: BuildInfo = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{program} did not print its build info"))?;
    if info.source_hash != wanted {
        bail!(
            "{program} was built from other sources ({} instead of {wanted}); build it again with \
             `cargo xtask libexec`",
            info.source_hash
        );
    }
    Ok(())
}
