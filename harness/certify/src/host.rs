//! What the host is: for the header, for `doctor`.

use anyhow::{Result, ensure};
use camino::Utf8PathBuf;
use model::Environment;

/// Names the folder whose files are read as the host's own: `etc/os-release`, apt's sources,
/// proxies and logins. For a host that is mounted somewhere, and for tests.
const ROOT: &str = "CERTIFY_HOST_ROOT";

/// Where the host's own files are: `CERTIFY_HOST_ROOT`, else `/`.
pub fn root() -> Utf8PathBuf {
    let named = std::env::var(ROOT).ok().filter(|path| !path.is_empty());
    Utf8PathBuf::from(named.unwrap_or_else(|| "/".to_owned()))
}

/// Whether this program can do anything on `system`, as the compiler names it: `linux`.
pub fn supported(system: &str) -> Result<()> {
    ensure!(
        system == "linux",
        "certify starts containers itself and so needs Linux; this is {system}: run it in a Linux \
         virtual machine or on a Linux host"
    );
    Ok(())
}

/// Looks at the host.
pub fn look() -> Environment {
    let text = |path: &str| fs_err::read_to_string(path).unwrap_or_default();
    let kernel = text("/proc/sys/kernel/osrelease").trim().to_owned();
    let memory_kib = text("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .unwrap_or(0);
    let load = load();
    Environment {
        kernel,
        cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
        memory_bytes: memory_kib * 1024,
        load_start: load,
        load_end: load,
        privilege: if is_root() { "root" } else { "normal user" }.to_owned(),
    }
}

/// One-minute load average.
pub fn load() -> f64 {
    fs_err::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

/// Whether the effective user is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_system_is_told_so_in_one_sentence() {
        assert!(supported("linux").is_ok());
        let said = supported("macos").map_err(|error| error.to_string());
        let said = said.err().unwrap_or_default();
        assert!(said.contains("needs Linux; this is macos"), "{said}");
        assert!(!said.contains('\n') && !said.contains(". "), "{said}");
    }
}
