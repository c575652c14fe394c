//! Executing paths, directly and through dynamic loaders.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use probe::{ExecAttempt, Executed, LoaderAttempt, Refusal};

use super::fork::{Nursery, Told, refusal};
use crate::sys::child;

/// An argument that no program knows, so that one that runs for a moment does nothing.
const ARGUMENT: &std::ffi::CStr = c"--certify-no-such-option";

/// Executes one path.
pub(crate) fn execute(nursery: &Nursery<'_>, path: &str) -> ExecAttempt {
    ExecAttempt {
        path: path.to_owned(),
        result: try_path(nursery, Path::new(path)),
    }
}

/// Executes a path; it is killed as soon as the kernel has let it begin.
pub(crate) fn try_path(nursery: &Nursery<'_>, path: &Path) -> Executed {
    use std::os::unix::ffi::OsStrExt as _;
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else {
        return Executed::NotFound;
    };
    let told = nursery.attempt(|| Err(child::exec(&name, &[&name, ARGUMENT])));
    match told {
        Told::Replaced | Told::Done => Executed::Executed,
        Told::Untried(refusal) => Executed::Untried(refusal),
        Told::Refused(refusal) => {
            let absent = matches!(refusal.errno, libc::ENOENT | libc::ENOTDIR);
            if absent && std::fs::symlink_metadata(path).is_err_and(|error| nowhere(&error)) {
                Executed::NotFound
            } else {
                Executed::Denied(refusal)
            }
        }
    }
}

fn nowhere(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR))
}

/// Asks a loader whether it would run the file: it maps it and its libraries as for a real start,
/// but does not begin it.
pub(crate) fn load(nursery: &Nursery<'_>, loader: &str, path: &str) -> LoaderAttempt {
    LoaderAttempt {
        loader: loader.to_owned(),
        path: path.to_owned(),
        result: try_load(nursery, loader, path)
            .unwrap_or_else(|error| Executed::Untried(refusal(&error))),
    }
}

fn try_load(nursery: &Nursery<'_>, loader: &str, path: &str) -> io::Result<Executed> {
    if let Err(error) = std::fs::symlink_metadata(path)
        && nowhere(&error)
    {
        return Ok(Executed::NotFound);
    }
    let (loader_name, path) = (CString::new(loader)?, CString::new(path)?);
    // Only a loader that can be executed says anything about the file.
    let began = nursery.attempt(|| Err(child::exec(&loader_name, &[&loader_name, c"--help"])));
    match began {
        Told::Replaced | Told::Done => {}
        Told::Refused(refusal) => return Ok(Executed::Denied(refusal)),
        Told::Untried(refusal) => return Ok(Executed::Untried(refusal)),
    }
    let musl = loader.contains("musl");
    let question = if musl { c"--list" } else { c"--verify" };
    let arguments = [loader_name.as_c_str(), question, path.as_c_str()];
    let status = nursery.run(|| Err(child::exec(&loader_name, &arguments)))?;
    Ok(match status {
        // 2: a program without an interpreter of its own, which the loader runs all the same.
        Some(0) => Executed::Executed,
        Some(2) if !musl => Executed::Executed,
        Some(_) => Executed::Denied(Refusal {
            errno: 0,
            name: "the loader refused".to_owned(),
        }),
        None => Executed::Untried(refusal(&io::Error::from_raw_os_error(libc::ETIMEDOUT))),
    })
}

/// Dynamic loaders at the usual places, each under one name.
pub(crate) fn loaders() -> Vec<String> {
    let mut folders = Vec::new();
    for folder in [
        "/lib",
        "/lib64",
        "/lib32",
        "/libx32",
        "/usr/lib",
        "/usr/lib64",
    ] {
        folders.push(PathBuf::from(folder));
        let below = listed(Path::new(folder)).into_iter();
        folders.extend(below.filter(|path| name(path).contains("-linux-")));
    }
    let found = folders.iter().flat_map(|folder| listed(folder));
    let found = found.filter(|path| {
        let name = name(path);
        let loader = ["ld-linux", "ld-musl-", "ld64.so", "ld.so", "ld-2."];
        loader.iter().any(|start| name.starts_with(start)) && name.contains(".so")
    });
    let unique = found.filter_map(|path| std::fs::canonicalize(path).ok());
    let unique = unique.collect::<BTreeSet<_>>();
    unique
        .into_iter()
        .filter_map(|path| path.to_str().map(str::to_owned))
        .collect()
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
