//! Podman's service, beside the engine: `testbed podman up|down`. Its runtime stands behind the clamp as
//! well; without it every container fails where limits cannot be raised. It is crun: runc 1.1, which
//! Debian 12 has, loses the mode of a tmpfs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::options::Options;
use super::shell::{self, call};
use super::{programs, root, runtimes};
use crate::cargo;

/// Longest wait for the service to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does what the word says.
pub(super) fn run(options: &Options, words: &[String]) -> Result<()> {
    match words.first().map(String::as_str) {
        Some("up") => up(options),
        Some("down") => down(),
        other => bail!("`testbed podman` wants up or down, not {other:?}"),
    }
}

fn up(options: &Options) -> Result<()> {
    if answers() {
        cargo::say(&format!(" Testbed  podman answers at {}", address()));
        return Ok(());
    }
    let missing = ["podman", "crun"]
        .into_iter()
        .filter(|name| !shell::there_is(name));
    root::install(&missing.collect::<Vec<_>>())?;
    let folder = options.cache().join("podman");
    let runtime =
        runtimes::beside_clamp(&folder.join("runtime"), &programs::clamp(options)?, "crun")?;
    fs_err::create_dir_all(run_folder())?;
    let log = folder.join("log");
    service(&folder, &runtime, &log)?;
    shell::until("the start of podman's service", PATIENCE, || {
        if answers() {
            return Ok(());
        }
        bail!("it does not answer")
    })
    .with_context(|| format!("its log is {}", log.display()))?;
    cargo::say(&format!(" Testbed  podman answers at {}", address()));
    Ok(())
}

fn down() -> Result<()> {
    let Ok(pid) = fs_err::read_to_string(pid_file()) else {
        cargo::say(" Testbed  no podman service was started here");
        return Ok(());
    };
    let pid = pid.trim().to_owned();
    let _ = shell::run("stopping podman's service", call("kill", [pid.as_str()]));
    shell::until("the end of podman's service", PATIENCE, || {
        if Path::new("/proc").join(&pid).exists() {
            bail!("process {pid} still runs");
        }
        Ok(())
    })?;
    for file in [pid_file(), socket()] {
        let _ = fs_err::remove_file(file);
    }
    Ok(())
}

/// Starts the service in a process group of its own, so that an interrupt of ours does not reach it.
fn service(folder: &Path, runtime: &Path, log: &Path) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let said = fs_err::File::create(log)?.into_parts().0;
    let mut command = call("podman", ["--cgroup-manager", "cgroupfs", "--runtime"]);
    command
        .arg(runtime)
        .arg("--root")
        .arg(folder.join("storage"))
        .arg("--runroot")
        .arg(run_folder().join("podman"))
        .args(["system", "service", "--time", "0"])
        .arg(format!("unix://{}", socket().display()))
        .stdout(said.try_clone()?)
        .stderr(said)
        .stdin(Stdio::null())
        .process_group(0);
    let child = command.spawn().context("starting podman")?;
    fs_err::write(pid_file(), child.id().to_string())?;
    Ok(())
}

fn answers() -> bool {
    let url = address();
    let ask = call("podman", ["--remote", "--url", url.as_str(), "version"]);
    socket().exists() && shell::there_is("podman") && shell::run("asking podman", ask).is_ok()
}

fn run_folder() -> PathBuf {
    PathBuf::from("/run/certify-testbed")
}

fn socket() -> PathBuf {
    run_folder().join("podman.sock")
}

fn pid_file() -> PathBuf {
    run_folder().join("podman.pid")
}

fn address() -> String {
    format!("unix://{}", socket().display())
}
