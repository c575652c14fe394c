//! Control groups of containers, on version 1, 2 and hybrid hosts.

use camino::{Utf8Path, Utf8PathBuf};

/// Where memory is accounted on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cgroups {
    /// Version 2 at the root.
    V2,
    /// Version 1 controllers, perhaps with an empty version 2 beside them.
    V1 {
        /// Whether a version 2 hierarchy is mounted too.
        hybrid: bool,
    },
    /// None that could be read.
    None,
}

const ROOT: &str = "/sys/fs/cgroup";

impl Cgroups {
    /// Looks at the host.
    pub(crate) fn look() -> Self {
        let root = Utf8Path::new(ROOT);
        if root.join("cgroup.controllers").exists() {
            return Self::V2;
        }
        if root.join("memory/memory.usage_in_bytes").exists()
            || root.join("memory/memory.stat").exists()
        {
            return Self::V1 {
                hybrid: root.join("unified/cgroup.procs").exists(),
            };
        }
        Self::None
    }

    /// For people and fingerprints.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V1 { hybrid: true } => "v1 hybrid",
            Self::V1 { hybrid: false } => "v1",
            Self::None => "none",
        }
    }

    /// The folder in which the memory of `path` (as in `cgroupsPath`) is accounted.
    pub(crate) fn memory_folder(&self, path: &str) -> Option<Utf8PathBuf> {
        let relative = path.trim_start_matches('/');
        match self {
            Self::V2 => Some(Utf8Path::new(ROOT).join(relative)),
            Self::V1 { .. } => Some(Utf8Path::new(ROOT).join("memory").join(relative)),
            Self::None => None,
        }
    }

    /// Usage minus inactive file pages, in bytes: the working set as kubelet and cAdvisor count it.
    pub(crate) fn working_set(&self, path: &str) -> Option<u64> {
        let folder = self.memory_folder(path)?;
        let (usage, inactive) = match self {
            Self::V2 => ("memory.current", "inactive_file"),
            _ => ("memory.usage_in_bytes", "total_inactive_file"),
        };
        let usage: u64 = fs_err::read_to_string(folder.join(usage))
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let stat = fs_err::read_to_string(folder.join("memory.stat")).ok()?;
        let inactive = stat
            .lines()
            .find_map(|line| line.strip_prefix(inactive)?.trim().parse::<u64>().ok())
            .unwrap_or(0);
        Some(usage.saturating_sub(inactive))
    }

    /// Processes of the group, threads not counted.
    pub(crate) fn processes(&self, path: &str) -> Vec<u32> {
        let Some(folder) = self.memory_folder(path) else {
            return Vec::new();
        };
        let text = fs_err::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect()
    }

    /// Every folder of `path` in every hierarchy that exists.
    pub(crate) fn folders(path: &str) -> Vec<Utf8PathBuf> {
        let relative = path.trim_start_matches('/');
        let root = Utf8Path::new(ROOT);
        let mut folders = vec![root.join(relative)];
        if let Ok(entries) = root.read_dir_utf8() {
            folders.extend(entries.flatten().map(|entry| entry.path().join(relative)));
        }
        folders.retain(|folder| folder.is_dir());
        folders
    }
}

/// Removes the groups below and at `path` in every hierarchy. A group that still holds a process
/// cannot be removed and is reported by its error.
pub(crate) fn remove(path: &str) -> std::io::Result<()> {
    for folder in Cgroups::folders(path) {
        remove_tree(&folder)?;
    }
    Ok(())
}

fn remove_tree(folder: &Utf8Path) -> std::io::Result<()> {
    for entry in folder.read_dir_utf8()?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(entry.path())?;
        }
    }
    match fs_err::remove_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
