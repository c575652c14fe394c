//! Running a program of an image once, at build: finish steps.
//!
//! The same runtime as for measuring, on an overlay of the tree, as uid 0 inside, without
//! capabilities and without network, with a short known environment.

use std::process::Stdio;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::bundle::{kernel_mounts, masked_paths, no_capabilities, readonly_paths, seccomp};
use super::command;
use super::overlay::Overlay;

/// A program to be run once.
#[derive(Debug, Clone)]
pub struct Once<'a> {
    /// The runtime program.
    pub runtime: &'a Utf8Path,
    /// The unpacked tree.
    pub tree: &'a Utf8Path,
    /// A folder for what is needed meanwhile.
    pub scratch: &'a Utf8Path,
    /// A name for the container and its control group, unique on the host.
    pub name: &'a str,
    /// The argument vector.
    pub run: &'a [String],
    /// The whole environment.
    pub environment: &'a [String],
    /// Longest time.
    pub within: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    overlay: Option<Overlay>,
    /// Exit status.
    pub status: i32,
    /// What it said.
    pub output: String,
}

/// It could not be run.
#[derive(Debug, thiserror::Error)]
#[error("could not run {program} in the image: {why}")]
pub struct OnceError {
    program: String,
    why: String,
}

impl Ran {
    /// The folder that holds everything the program wrote.
    pub fn written(&self) -> Option<Utf8PathBuf> {
        self.overlay.as_ref().map(Overlay::upper)
    }

    /// Removes the overlay.
    pub fn discard(mut self) -> std::io::Result<()> {
        self.overlay.take().map_or(Ok(()), Overlay::remove)
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        if let Some(overlay) = self.overlay.take() {
            let _ = overlay.remove();
        }
    }
}

/// Runs the program to its end.
pub async fn run_once(once: &Once<'_>) -> Result<Ran, OnceError> {
    let program = once.run.first().cloned().unwrap_or_default();
    let fail = |why: String| OnceError {
        program: program.clone(),
        why,
    };
    let overlay = Overlay::mount(once.tree, &once.scratch.join("overlay"))
        .map_err(|error| fail(format!("overlay: {error}")))?;
    let mut ran = Ran {
        overlay: Some(overlay),
        status: -1,
        output: String::new(),
    };
    let root = ran.overlay.as_ref().map(Overlay::root).unwrap_or_default();
    fs_err::write(
        once.scratch.join("config.json"),
        config(once, &root).to_string(),
    )
    .map_err(|error| fail(error.to_string()))?;
    let state = once.scratch.join("state");
    fs_err::create_dir_all(&state).map_err(|error| fail(error.to_string()))?;
    let mut call = command::new(once.runtime);
    call.arg("--root")
        .arg(&state)
        .arg("run")
        .arg("--bundle")
        .arg(once.scratch)
        .arg(once.name);
    call.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = tokio::time::timeout(once.within, call.output()).await;
    let mut delete = command::new(once.runtime);
    delete
        .arg("--root")
        .arg(&state)
        .args(["delete", "--force", once.name]);
    let _ = command::run(&mut delete).await;
    let _ = super::cgroup::remove(&format!("/{}", once.name));
    match output {
        Err(_) => Err(fail(format!(
            "not finished within {} ms",
            once.within.as_millis()
        ))),
        Ok(Err(error)) => Err(fail(error.to_string())),
        Ok(Ok(output)) => {
            ran.status = output.status.code().unwrap_or(-1);
            ran.output = String::from_utf8_lossy(&output.stdout).into_owned();
            ran.output
                .push_str(&String::from_utf8_lossy(&output.stderr));
            Ok(ran)
        }
    }
}

fn config(once: &Once<'_>, root: &Utf8Path) -> serde_json::Value {
    json!({
        "ociVersion": "1.2.0",
        "hostname": "finish",
        "root": {"path": root, "readonly": false},
        "process": {
            "terminal": false,
            "user": {"uid": 0, "gid": 0},
            "args": once.run,
            "env": once.environment,
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": no_capabilities(),
        },
        "mounts": kernel_mounts(),
        "linux": {
            "cgroupsPath": format!("/{}", once.name),
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [
                {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
                {"type": "network"},
            ],
            "seccomp": seccomp(),
            "maskedPaths": masked_paths(),
            "readonlyPaths": readonly_paths(),
        },
    })
}
