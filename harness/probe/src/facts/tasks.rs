//! Every task of a container: the members of its pid namespace, or a target and its descendants.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use probe::{Failure, FailureKind, Namespaces, Scope, Status, Task};

use super::{Gaps, maps, status};
use crate::target::{Pinned, failure};

/// More tasks than any container that is certified has.
const TASKS_MAX: usize = 65_536;

struct Candidate {
    folder: Pinned,
    status: Status,
    /// Nothing where unreadable.
    namespace: Option<u64>,
}

/// Finds and reads them. Tasks that end meanwhile are left out: they are no part of the state at
/// the end of reading.
pub(crate) fn tasks(
    target: &Pinned,
    scope: Scope,
    namespaces: &Namespaces,
    gaps: &mut Gaps,
) -> Result<Vec<Task>, Failure> {
    let candidates =
        candidates(gaps).map_err(|error| failure("list the tasks around", target.pid(), &error))?;
    let mut chosen = BTreeSet::from([target.pid()]);
    if scope == Scope::Namespace {
        let same = candidates
            .values()
            .filter(|one| one.namespace.is_some() && one.namespace == namespaces.pid);
        chosen.extend(same.map(|one| one.folder.pid()));
    }
    grow(&mut chosen, &candidates);
    note_unknown(target, scope, &chosen, &candidates, gaps);
    chosen.remove(&std::process::id());
    if chosen.len() > TASKS_MAX {
        let what = format!("pid {} has more than {TASKS_MAX} tasks", target.pid());
        return Err(Failure::new(FailureKind::Limit, what));
    }
    Ok(candidates
        .into_values()
        .filter(|one| chosen.contains(&one.folder.pid()))
        .filter_map(|one| task(&one, gaps))
        .collect())
}

/// Adds descendants until none is new: a namespace further in belongs to the container too.
fn grow(chosen: &mut BTreeSet<u32>, candidates: &BTreeMap<u32, Candidate>) {
    loop {
        let before = chosen.len();
        for (pid, one) in candidates {
            if chosen.contains(&one.status.ppid) {
                chosen.insert(*pid);
            }
        }
        if chosen.len() == before {
            return;
        }
    }
}

/// A task of the target's user whose namespace cannot be read, and which lies deep enough to be
/// the container's, might be one of its tasks: that is said. Tasks of others are hidden from a
/// normal user, whose containers, with their single mapping, cannot hold them.
fn note_unknown(
    target: &Pinned,
    scope: Scope,
    chosen: &BTreeSet<u32>,
    candidates: &BTreeMap<u32, Candidate>,
    gaps: &mut Gaps,
) {
    let Some(own) = candidates.get(&target.pid()).map(|one| &one.status) else {
        return;
    };
    for (pid, one) in candidates {
        let possible = one.status.ns_pids.len() >= own.ns_pids.len().max(2)
            && one.status.uids.real == own.uids.real
            && !chosen.contains(pid);
        if scope == Scope::Namespace && one.namespace.is_none() && possible {
            let error = io::Error::from_raw_os_error(libc::EACCES);
            gaps.refused(format!("{pid}/ns/pid"), &error);
        }
    }
}

fn candidates(gaps: &mut Gaps) -> io::Result<BTreeMap<u32, Candidate>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(folder) = Pinned::open(pid) else {
            continue;
        };
        let text = match folder.text("status") {
            Ok(text) => text,
            Err(error) if gone(&error) => continue,
            Err(error) => {
                gaps.refused(format!("{pid}/status"), &error);
                continue;
            }
        };
        match status::status(&text) {
            Ok(status) => {
                let namespace = folder.namespace("pid").ok();
                let candidate = Candidate {
                    folder,
                    status,
                    namespace,
                };
                found.insert(pid, candidate);
            }
            Err(why) => gaps.unexpected(format!("{pid}/status"), why),
        }
    }
    Ok(found)
}

fn task(one: &Candidate, gaps: &mut Gaps) -> Option<Task> {
    let pid = one.folder.pid();
    let ended = matches!(one.status.state, 'Z' | 'X');
    let exe = match one.folder.link("exe") {
        Ok(link) => Some(link.to_string_lossy().into_owned()),
        // A task without memory, or one that has just ended.
        Err(error) if gone(&error) => None,
        Err(error) => {
            gaps.refused(format!("{pid}/exe"), &error);
            None
        }
    };
    let maps = match one.folder.text("maps").map(|text| maps::maps(&text)) {
        Ok(Ok(maps)) => Some(maps),
        Ok(Err(why)) => {
            gaps.unexpected(format!("{pid}/maps"), why);
            None
        }
        Err(error) if gone(&error) && !ended => return None,
        Err(error) if gone(&error) => None,
        Err(error) => {
            gaps.refused(format!("{pid}/maps"), &error);
            None
        }
    };
    let deleted = exe
        .as_deref()
        .and_then(|exe| exe.strip_suffix(" (deleted)"));
    Some(Task {
        pid,
        status: one.status.clone(),
        exe_deleted: deleted.is_some(),
        exe_memfd: deleted.is_some_and(|exe| exe.starts_with("/memfd:")),
        exe: deleted.map(str::to_owned).or(exe),
        maps,
    })
}

fn gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT))
}
