//! Running a program of an image once, at build: finish steps.
//!
//! The same runtime as for measuring, on an overlay of the tree, as uid 0 inside, without
//! capabilities and without network, with a short known environment.

use std::process::Stdio;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use model::UserId;
use serde_json::json;

use super::bundle::{
    OCI_VERSION, kernel_mounts, masked_paths, no_capabilities, readonly_paths, seccomp,
};
use super::view::{View, Written};
use super::{Privilege, Runtime, command};

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
    view: Option<View>,
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
        self.view.as_ref().and_then(View::written)
    }

    /// Removes what it wrote.
    pub fn discard(mut self) -> std::io::Result<()> {
        self.view.take().map_or(Ok(()), View::remove)
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        if let Some(view) = self.view.take() {
            let _ = view.remove();
        }
    }
}

/// What [`run_once`] makes on the host, as kind and name; [`crate::sweep`] removes each.
pub fn objects(once: &Once<'_>) -> Vec<(&'static str, String)> {
    let state = state(once);
    let mut objects = vec![("containers", format!("{} --root {state}", once.runtime))];
    if rustix::process::geteuid().is_root() {
        objects.insert(0, ("cgroup", format!("/{}", once.name)));
    }
    objects
}

fn state(once: &Once<'_>) -> Utf8PathBuf {
    once.scratch.join("state")
}

/// Runs the program to its end.
#[allow(clippy::too_many_lines, reason = "one story: mount, run, clear away")]
pub async fn run_once(once: &Once<'_>) -> Result<Ran, OnceError> {
    let program = once.run.first().cloned().unwrap_or_default();
    let fail = |why: String| OnceError {
        program: program.clone(),
        why,
    };
    let runtime = Runtime::look(once.runtime, once.runtime)
        .await
        .map_err(|error| fail(error.to_string()))?;
    let privilege = Privilege::look(&runtime)
        .await
        .map_err(|error| fail(error.to_string()))?;
    let view = View::make(
        &runtime,
        &privilege,
        once.tree,
        &once.scratch.join("view"),
        Written::Kept,
    )
    .map_err(|error| fail(format!("its root: {error}")))?;
    let config = config(once, &view, &privilege).to_string();
    let mut ran = Ran {
        view: Some(view),
        status: -1,
        output: String::new(),
    };
    fs_err::write(once.scratch.join("config.json"), config)
        .map_err(|error| fail(error.to_string()))?;
    let state = state(once);
    fs_err::create_dir_all(&state).map_err(|error| fail(error.to_string()))?;
    let mut call = command::new(once.runtime);
    let log = once.scratch.join("runtime.log");
    call.arg("--root")
        .arg(&state)
        .arg("--log")
        .arg(&log)
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
    if privilege == Privilege::Root {
        let _ = super::cgroup::remove(&format!("/{}", once.name));
    }
    match output {
        Err(_) => Err(fail(format!(
            "not finished within {} ms",
            once.within.as_millis()
        ))),
        Ok(Err(error)) => Err(fail(error.to_string())),
        // The program's status and the runtime's own failure look alike; the log tells them apart.
        Ok(Ok(output)) if !output.status.success() && said(&log) => Err(fail(
            fs_err::read_to_string(&log)
                .unwrap_or_default()
                .trim()
                .to_owned(),
        )),
        Ok(Ok(output)) => {
            ran.status = output.status.code().unwrap_or(-1);
            ran.output = String::from_utf8_lossy(&output.stdout).into_owned();
            ran.output
                .push_str(&String::from_utf8_lossy(&output.stderr));
            Ok(ran)
        }
    }
}

/// Whether the runtime logged an error.
fn said(log: &Utf8Path) -> bool {
    fs_err::read_to_string(log).is_ok_and(|text| text.contains("level=error"))
}

/// The user of finish steps, inside.
const ROOT: UserId = UserId { uid: 0, gid: 0 };

fn config(once: &Once<'_>, view: &View, privilege: &Privilege) -> serde_json::Value {
    json!({
        "ociVersion": OCI_VERSION,
        "hostname": "finish",
        "annotations": view.annotations(),
        "root": {"path": view.root(), "readonly": false},
        "process": {
            "terminal": false,
            "user": {"uid": ROOT.uid, "gid": ROOT.gid},
            "args": once.run,
            "env": once.environment,
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": no_capabilities(),
        },
        "mounts": kernel_mounts(privilege),
        "linux": {
            "cgroupsPath": format!("/{}", once.name),
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [
                {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
                {"type": "network"},
            ],
            "seccomp": seccomp(),
            "maskedPaths": masked_paths(),
            "readonlyPaths": readonly_paths(privilege, ROOT),
        },
    })
}
