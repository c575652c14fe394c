//! Removing what a killed run left behind, by the names in its ledger.

use std::collections::BTreeSet;

use camino::Utf8Path;
use model::RunId;

use super::ON_V1;
use super::cgroup;
use super::overlay::unmount_below;
use super::view::remove_all;

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
    let (words, state) = name
        .split_once(" --root ")
        .ok_or("its name is not understood")?;
    let (program, behind) = match words.split_once(&format!(" {ON_V1} ")) {
        Some((front, program)) => (front, vec![ON_V1, program]),
        None => (words, Vec::new()),
    };
    let state = Utf8Path::new(state);
    if !state.is_dir() {
        return Ok("already gone".to_owned());
    }
    let mut deleted = 0;
    for container in named(state)? {
        #[allow(
            clippy::disallowed_methods,
            reason = "a sweep runs without the async machinery"
        )]
        let output = std::process::Command::new(program)
            .args(&behind)
            .args(["--root", state.as_str(), "delete", "--force", &container])
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        deleted += 1;
    }
    Ok(format!("{deleted} container(s) deleted"))
}

/// Names of containers in a state folder: its folders, and for our own runtime those it has only
/// begun to make, in `.launch`.
fn named(state: &Utf8Path) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for folder in [state.to_owned(), state.join(".launch")] {
        if !folder.is_dir() {
            continue;
        }
        let entries = folder.read_dir_utf8().map_err(|error| error.to_string())?;
        names.extend(entries.flatten().map(|entry| entry.file_name().to_owned()));
    }
    names.retain(|name| !name.starts_with('.'));
    Ok(names)
}

fn folder(path: &Utf8Path) -> Result<String, String> {
    let mounts = unmount_below(path).map_err(|error| error.to_string())?;
    remove_all(path)
        .map(|()| format!("removed, {mounts} mount(s) taken away"))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn half_made_containers_are_named_once_and_hidden_folders_are_not() {
        let temporary = tempfile::tempdir().unwrap();
        let state = Utf8Path::from_path(temporary.path()).unwrap();
        for folder in ["a", "b", ".launch/b", ".launch/c"] {
            fs_err::create_dir_all(state.join(folder)).unwrap();
        }
        let names: Vec<String> = named(state).unwrap().into_iter().collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn another_runs_objects_are_not_touched() {
        let run = RunId::new("20260101t000000z-abcd").unwrap();
        for kind in ["folder", "cgroup", "containers"] {
            assert!(remove(&run, kind, "/nothing").is_err());
        }
        assert!(remove(&run, "cluster", "20260101t000000z-abcd").is_err());
    }
}
