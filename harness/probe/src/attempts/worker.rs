//! The worker inside the container: looks with full sight, drops its rights, tries.

use probe::{Attempts, Counts, DirectoryAttempts, Failure, FileAttempts, Stopped};

use super::fork::Nursery;
use super::walk::{self, Found};
use super::{Job, calls, dirs, drop, exec};
use crate::sys::{child, clock, parent};

/// Does the whole job; runs in a forked child that is in all of the container's namespaces.
pub(crate) fn work(job: Job) -> Result<Attempts, Failure> {
    // Neither can fail in a fresh child; the second is made sure of again after the drop.
    let _ = child::new_session();
    let _ = parent::be_killed_with_parent();
    let request = &job.request;
    let found = request
        .walk
        .then(|| walk::walk(&job.mounts, request.max_entries, job.until_ns));
    let loaders = if request.loaders.is_empty() {
        exec::loaders()
    } else {
        request.loaders.clone()
    };
    let identity = drop::become_user(&job)?;
    let nursery = Nursery {
        filters: &job.rights.filters,
        null: &job.null,
    };
    let calls = calls::calls(&nursery, job.uid, &job.payload);
    let mut stopped = found.as_ref().and_then(|found| found.stopped);
    let mut execute = Vec::new();
    for path in &request.execute {
        if late(&job, &mut stopped) {
            break;
        }
        execute.push(exec::execute(&nursery, path));
    }
    let mut through_loader = Vec::new();
    for loader in &loaders {
        for path in &request.through_loader {
            if late(&job, &mut stopped) {
                break;
            }
            through_loader.push(exec::load(&nursery, loader, path));
        }
    }
    let written = found
        .as_ref()
        .map(|found| dirs::write(&nursery, found, &job.mounts, &job.payload, job.until_ns));
    let stopped = stopped.or(written.as_ref().and_then(|written| written.stopped));
    let of = |number: fn(&dirs::Written) -> u64| written.as_ref().map_or(0, number);
    let counts = Counts {
        entries: found.as_ref().map_or(0, |found| found.entries),
        executions: execute.len() as u64,
        loads: through_loader.len() as u64,
        directories: of(|written| written.directories_tried),
        files: of(|written| written.files_tried),
        dropped_programs: of(|written| written.dropped_programs),
    };
    let (directories, files, left_behind) = match found.zip(written) {
        Some((found, written)) => documents(found, written),
        None => (None, None, Vec::new()),
    };
    Ok(Attempts {
        identity,
        execute,
        through_loader,
        loaders,
        directories,
        files,
        calls,
        counts,
        stopped,
        left_behind,
        took_ms: clock::monotonic_ns().saturating_sub(job.began_ns) / 1_000_000,
    })
}

fn documents(
    found: Found,
    written: dirs::Written,
) -> (Option<DirectoryAttempts>, Option<FileAttempts>, Vec<String>) {
    let directories = DirectoryAttempts {
        tried: written.directories_tried,
        writable: written.directories,
        refused: written.directories_refused,
        skipped: found.skipped,
        unlisted: found.unlisted,
        closed: found.closed,
    };
    let files = FileAttempts {
        seen: found.files,
        tried: written.files_tried,
        writable: written.files,
        refused: written.files_refused,
        unread: found.unread,
        set_ids: found.set_ids,
    };
    (Some(directories), Some(files), written.left_behind)
}

/// Whether the deadline has passed; notes it.
fn late(job: &Job, stopped: &mut Option<Stopped>) -> bool {
    let late = clock::monotonic_ns() > job.until_ns;
    if late {
        *stopped = Some(Stopped::Deadline);
    }
    late
}
