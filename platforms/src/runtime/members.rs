//! Which processes belong to a container: those in its control group, or, without one, those in its
//! process namespace.

use std::os::unix::fs::MetadataExt;

use super::cgroup::Cgroups;

/// How a container's processes are found.
#[derive(Debug, Clone)]
pub(crate) enum Members {
    /// In a control group.
    Group {
        /// Where groups are on this host.
        cgroups: Cgroups,
        /// As in `cgroupsPath`.
        path: String,
    },
    /// In the process namespace of the first one.
    Namespace {
        /// The first process.
        init: u32,
    },
}

impl Members {
    /// Their process ids on the host; empty once the container has ended.
    pub(crate) fn pids(&self) -> Vec<u32> {
        match self {
            Self::Group { cgroups, path } => cgroups.processes(path),
            Self::Namespace { init } => in_namespace(*init),
        }
    }

    /// The control group that the container's group lies in, as in `cgroupsPath`.
    pub(crate) fn parent(&self) -> Option<String> {
        match self {
            Self::Group { path, .. } => path.rsplit_once('/').map(|(parent, _)| parent.to_owned()),
            Self::Namespace { .. } => None,
        }
    }

    /// The working set in bytes, of which `mapped` is anonymous; nothing without a control group.
    pub(crate) fn working_set(&self, mapped: Option<u64>) -> Option<u64> {
        match self {
            Self::Group { cgroups, path } => cgroups.working_set(path, mapped),
            Self::Namespace { .. } => None,
        }
    }
}

fn in_namespace(init: u32) -> Vec<u32> {
    let Some(wanted) = namespace(init) else {
        return Vec::new();
    };
    // A process that shares ours has no namespace of its own, and its members are not known.
    if namespace(std::process::id()) == Some(wanted) {
        return vec![init];
    }
    let Ok(entries) = fs_err::read_dir("/proc") else {
        return vec![init];
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| namespace(*pid) == Some(wanted))
        .collect()
}

/// The inode of a process's pid namespace; nothing when it is gone or somebody else's.
fn namespace(pid: u32) -> Option<u64> {
    fs_err::metadata(format!("/proc/{pid}/ns/pid"))
        .ok()
        .map(|found| found.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_our_own_namespace_counts_alone() {
        let own = std::process::id();
        assert_eq!(Members::Namespace { init: own }.pids(), [own]);
        assert_eq!(Members::Namespace { init: u32::MAX }.pids(), [0u32; 0]);
        assert_eq!(Members::Namespace { init: own }.working_set(Some(1)), None);
    }
}
