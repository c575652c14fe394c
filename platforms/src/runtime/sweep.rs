//! Removing what a killed run left behind, by the names in its ledger.

use camino::Utf8Path;
use model::RunId;

use super::cgroup;
use super::overlay::unmount_below;

/// Removes one object of `run`. Only objects that carry the run's id are touched.
pub(crate) fn remove(run: &RunId, kind: &str, name: &str) -> Result<String, String> {
    if !name.contains(run.as_str()) {
        return Err(format!(
            "it does not carry the run's id {run}, so it is not touched"
        ));
    }
    match kind {
        "containers" => containers(name),
        "cgroup" => cgroup::remove(name)
            .map(|()| "removed".to_owned())
            .map_err(|error| error.to_string()),
        "folder" => folder(Utf8Path::new(name)),
        other => Err(format!(
            "this program does not know how to remove a {other}"
        )),
    }
}

/// `PROGRAM --root STATE`: deletes every container in the state folder.
fn containers(name: &str) -> Result<String, String> {
    let (program, state) = name
        .split_once(" --root ")
        .ok_or("its name is not understood")?;
    let state = Utf8Path::new(state);
    if !state.is_dir() {
        return Ok("already gone".to_owned());
    }
    let mut deleted = 0;
    for entry in state
        .read_dir_utf8()
        .map_err(|error| error.to_string())?
        .flatten()
    {
        #[allow(
            clippy::disallowed_methods,
            reason = "a sweep runs without the async machinery"
        )]
        let output = std::process::Command::new(program)
            .args([
                "--root",
                state.as_str(),
                "delete",
                "--force",
                entry.file_name(),
            ])
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        deleted += 1;
    }
    Ok(format!("{deleted} container(s) deleted"))
}

fn folder(path: &Utf8Path) -> Result<String, String> {
    let mounts = unmount_below(path).map_err(|error| error.to_string())?;
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(format!("removed, {mounts} mount(s) taken away")),
    }
}
