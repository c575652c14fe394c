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

    /// The group in which the memory of process `pid` is accounted, as in `cgroupsPath`.
    pub(crate) fn path_of(&self, pid: u32) -> Option<String> {
        let text = fs_err::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        self.path_in(&text)
    }

    fn path_in(&self, text: &str) -> Option<String> {
        let wanted = |controllers: &str| match self {
            Self::V2 => controllers.is_empty(),
            Self::V1 { .. } => controllers.split(',').any(|one| one == "memory"),
            Self::None => false,
        };
        text.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            wanted(controllers).then(|| path.to_owned())
        })
    }

    /// The working set in bytes: everything charged to the group but inactive file pages. `mapped`
    /// is the anonymous memory of its processes, in bytes, where all of them could be read.
    ///
    /// It is summed up from parts, not taken from the usage counter as kubelet and cAdvisor do: the
    /// kernel charges up to 64 pages ahead for each processor and group, which nobody uses, and that
    /// alone moves the counter by several per cent from reading to reading. Anonymous memory comes
    /// from the page tables: the counts in `memory.stat` are summed up late, a reading can lack half
    /// a container. Where a kernel does not count its own memory apart, the counter is all there is.
    pub(crate) fn working_set(&self, path: &str, mapped: Option<u64>) -> Option<u64> {
        let folder = self.memory_folder(path)?;
        let text = |file: &str| fs_err::read_to_string(folder.join(file)).ok();
        let number = |file: &str| text(file)?.trim().parse::<u64>().ok();
        let stat = Stat(text("memory.stat")?);
        match self {
            Self::V2 => stat
                .counted_v2(mapped)
                .or_else(|| stat.without("inactive_file", number("memory.current")?)),
            _ => {
                let usage =
                    || stat.without("total_inactive_file", number("memory.usage_in_bytes")?);
                let kernel = number("memory.kmem.usage_in_bytes");
                kernel
                    .and_then(|kernel| stat.counted_v1(mapped, kernel))
                    .or_else(usage)
            }
        }
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

/// The text of a `memory.stat`.
struct Stat(String);

impl Stat {
    fn get(&self, key: &str) -> Option<u64> {
        let mut lines = self.0.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines.find(|(found, _)| *found == key)?;
        value.trim().parse().ok()
    }

    fn without(&self, inactive: &str, usage: u64) -> Option<u64> {
        Some(usage.saturating_sub(self.get(inactive)?))
    }

    /// Version 2; nothing on kernels before 5.18, which do not sum up their own memory.
    fn counted_v2(&self, mapped: Option<u64>) -> Option<u64> {
        let kernel = self.get("kernel")? + self.get("sock").unwrap_or(0);
        let anonymous = mapped.or_else(|| self.get("anon"))?;
        self.without("inactive_file", anonymous + self.get("file")? + kernel)
    }

    /// Version 1, where the kernel's own memory has an exact counter of its own.
    fn counted_v1(&self, mapped: Option<u64>, kernel: u64) -> Option<u64> {
        let anonymous = mapped.or_else(|| self.get("total_rss"))?;
        let pages = anonymous + self.get("total_cache")?;
        self.without("total_inactive_file", pages + kernel)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_says_where_its_memory_is_accounted() {
        let text = "12:pids:/a\n4:memory,cpu:/parent/own\n0::/unified\n";
        assert_eq!(
            Cgroups::V1 { hybrid: true }.path_in(text).as_deref(),
            Some("/parent/own")
        );
        assert_eq!(Cgroups::V2.path_in(text).as_deref(), Some("/unified"));
        assert_eq!(Cgroups::None.path_in(text), None);
    }

    #[test]
    fn pages_are_counted_and_what_is_charged_ahead_is_not() {
        let v2 = "anon 1000\nfile 500\nkernel 200\nsock 7\ninactive_anon 9\ninactive_file 100\n";
        assert_eq!(Stat(v2.to_owned()).counted_v2(None), Some(1607));
        assert_eq!(Stat(v2.to_owned()).counted_v2(Some(1010)), Some(1617));
        let v1 = "cache 1\nrss 2\ntotal_cache 500\ntotal_rss 1000\ntotal_inactive_file 100\n";
        assert_eq!(Stat(v1.to_owned()).counted_v1(None, 200), Some(1600));
        assert_eq!(Stat(v1.to_owned()).counted_v1(Some(1010), 200), Some(1610));
    }

    #[test]
    fn a_kernel_that_does_not_count_its_own_memory_leaves_the_counter() {
        let old = Stat("anon 1000\nfile 500\ninactive_file 100\n".to_owned());
        assert_eq!(old.counted_v2(Some(7)), None);
        assert_eq!(old.without("inactive_file", 1800), Some(1700));
        assert_eq!(
            Stat("anon 1\n".to_owned()).without("inactive_file", 1800),
            None
        );
        assert_eq!(Stat(String::new()).counted_v1(Some(7), 200), None);
    }
}
