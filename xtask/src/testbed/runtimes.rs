//! OCI runtimes behind the clamp, which takes out of a container's description what this machine
//! cannot grant (`testbed/clamp`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::shell;

/// Runtimes that nodes can have beside runc: Debian's crun, and youki from its crate.
const OTHERS: [&str; 2] = ["crun", "youki"];

/// The runtimes in a list with commas.
pub(super) fn named(list: &str) -> Result<Vec<String>> {
    let names = list.split(',').filter(|name| !name.is_empty());
    names
        .map(|name| {
            if OTHERS.contains(&name) {
                return Ok(name.to_owned());
            }
            bail!("no runtime `{name}` (known: {})", OTHERS.join(", "))
        })
        .collect()
}

/// The place of a runtime in a node, behind the clamp.
pub(super) fn place(name: &str) -> String {
    format!("usr/local/sbin/{name}")
}

/// What containerd's configuration says of a runtime.
pub(super) fn handler(name: &str) -> String {
    let section = format!("[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.{name}");
    let program = place(name);
    format!(
        "{section}]\nruntime_type = \"io.containerd.runc.v2\"\n\
         {section}.options]\nBinaryName = \"/{program}\"\nSystemdCgroup = false\n"
    )
}

/// A RuntimeClass of the name of its handler.
pub(super) fn class(name: &str) -> String {
    format!(
        "---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {{name: {name}}}\n\
         handler: {name}\n"
    )
}

/// Capabilities the kernel knows: the last one's number is in `/proc/sys/kernel/cap_last_cap`.
fn all() -> Result<u64> {
    let last: u32 = fs_err::read_to_string("/proc/sys/kernel/cap_last_cap")?
        .trim()
        .parse()?;
    Ok(u64::MAX >> (63 - last))
}

/// Whether this machine can grant every capability, as a privileged container wants.
pub(super) fn may_be_privileged() -> Result<bool> {
    let status = fs_err::read_to_string("/proc/self/status")?;
    let bounds = status
        .lines()
        .find_map(|line| line.strip_prefix("CapBnd:"))
        .context("/proc/self/status has no CapBnd")?;
    let bounds = u64::from_str_radix(bounds.trim(), 16)?;
    Ok(bounds & all()? == all()?)
}

/// Puts the clamp at `folder/NAME` with the machine's runtime of that name beside it. A copy, so that a
/// new build never changes it under a running container.
pub(super) fn beside_clamp(folder: &Path, clamp: &Path, name: &str) -> Result<PathBuf> {
    let place = folder.join(name);
    let same = || fs_err::read(&place).ok() == fs_err::read(clamp).ok();
    if !place.exists() || !same() {
        let part = folder.join("part");
        shell::install(clamp, &part)?;
        fs_err::rename(&part, &place)?;
    }
    let real = folder.join(format!("{name}.real"));
    if fs_err::symlink_metadata(&real).is_err() {
        fs_err::os::unix::fs::symlink(on_path(name)?, &real)?;
    }
    Ok(place)
}

fn on_path(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .with_context(|| format!("{name} is not installed (Debian: {name})"))
}
