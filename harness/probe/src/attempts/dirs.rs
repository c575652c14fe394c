//! Writing: a new file in each directory, a program in it, and each code file opened.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use probe::{Executed, Mount, Refusals, Stopped, WritableDirectory, WritableFile};

use super::exec;
use super::fork::{Nursery, refusal};
use super::walk::{Found, Owner, mount_of};
use crate::sys::{clock, files};

/// What writing showed.
pub(crate) struct Written {
    pub(crate) directories_tried: u64,
    pub(crate) directories: Vec<WritableDirectory>,
    pub(crate) directories_refused: Refusals,
    pub(crate) dropped_programs: u64,
    pub(crate) files_tried: u64,
    pub(crate) files: Vec<WritableFile>,
    pub(crate) files_refused: Refusals,
    pub(crate) left_behind: Vec<String>,
    pub(crate) stopped: Option<Stopped>,
}

/// Tries to write everywhere that the walk has found.
pub(crate) fn write(
    nursery: &Nursery<'_>,
    found: &Found,
    mounts: &[Mount],
    payload: &[u8],
    until_ns: u64,
) -> Written {
    let mut written = Written {
        directories_tried: 0,
        directories: Vec::new(),
        directories_refused: Refusals::new(),
        dropped_programs: 0,
        files_tried: 0,
        files: Vec::new(),
        files_refused: Refusals::new(),
        left_behind: Vec::new(),
        stopped: None,
    };
    for (path, owner) in &found.directories {
        if clock::monotonic_ns() > until_ns {
            written.stopped = Some(Stopped::Deadline);
            return written;
        }
        written.directories_tried += 1;
        match drop_program(nursery, path, payload, &mut written) {
            Ok(dropped) => {
                let one = writable(path, *owner, mount_of(mounts, path), dropped);
                written.directories.push(one);
            }
            Err(error) => count(&mut written.directories_refused, &error),
        }
    }
    for (path, owner, because) in &found.code {
        if clock::monotonic_ns() > until_ns {
            written.stopped = Some(Stopped::Deadline);
            return written;
        }
        written.files_tried += 1;
        match open_for_writing(path) {
            Ok(()) => written.files.push(WritableFile {
                path: path.to_string_lossy().into_owned(),
                mode: owner.mode,
                uid: owner.uid,
                gid: owner.gid,
                because: (*because).to_owned(),
            }),
            Err(error) => count(&mut written.files_refused, &error),
        }
    }
    written
}

/// Makes a program in the directory and executes it; the error is that nothing could be made.
fn drop_program(
    nursery: &Nursery<'_>,
    folder: &Path,
    payload: &[u8],
    written: &mut Written,
) -> io::Result<Executed> {
    let path = folder.join(format!(".certify-attempt-{}", std::process::id()));
    let file = create(&path)?;
    let result = match fill(file, payload) {
        Ok(()) => {
            written.dropped_programs += 1;
            exec::try_path(nursery, &path)
        }
        Err(error) => Executed::Untried(refusal(&error)),
    };
    if std::fs::remove_file(&path).is_err() {
        written
            .left_behind
            .push(path.to_string_lossy().into_owned());
    }
    Ok(result)
}

fn create(path: &PathBuf) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o700);
    options.open(path)
}

/// Writes and closes: a file open for writing cannot be executed.
fn fill(mut file: File, payload: &[u8]) -> io::Result<()> {
    file.write_all(payload)
}

fn writable(
    path: &Path,
    owner: Owner,
    mount: Option<&Mount>,
    dropped_program: Executed,
) -> WritableDirectory {
    WritableDirectory {
        path: path.to_string_lossy().into_owned(),
        mode: owner.mode,
        uid: owner.uid,
        gid: owner.gid,
        mount_point: mount.map_or_else(String::new, |one| one.point.clone()),
        fs_type: mount.map_or_else(String::new, |one| one.fs_type.clone()),
        mount_options: mount.map_or_else(Vec::new, |one| one.options.clone()),
        dropped_program,
    }
}

/// Opens and closes, changing nothing.
fn open_for_writing(path: &Path) -> io::Result<()> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    match OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
    {
        // A program that runs: the kernel says so only after the file's own permission was found
        // good, yet before it looks whether the mount is read-only. That is asked apart.
        Err(error) if error.raw_os_error() == Some(libc::ETXTBSY) => {
            let name = CString::new(path.as_os_str().as_bytes())?;
            files::may_write(&name)
        }
        other => other.map(drop),
    }
}

fn count(refused: &mut Refusals, error: &io::Error) {
    *refused.entry(refusal(error).name).or_insert(0) += 1;
}
