//! A container's cgroup: which paths are safe to hand to libcontainer, and removal.
//!
//! libcontainer kills every process it finds in the cgroup that it was told to use, also when it
//! cleans up after a failed `create`. With an empty path that is the caller's own cgroup, with `/`
//! the whole machine. So only a path with a real name is taken, and only if nobody is in it.

use std::path::{Component, Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{LaunchError, Result};
use crate::identity::moment;

/// How long a removal may take.
const PATIENCE_MS: u64 = 10_000;

/// A path below the root of every hierarchy, without leading slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Takes `linux.cgroupsPath`; without one a name of our own.
    pub(crate) fn new(asked: Option<&Path>, id: &str) -> Result<Self> {
        let refused = |why: &str| LaunchError::Refused {
            what: "linux.cgroupsPath",
            why: why.to_owned(),
        };
        let Some(asked) = asked else {
            return Ok(Self {
                path: Path::new("launch").join(id),
            });
        };
        let mut path = PathBuf::new();
        for part in asked.components() {
            match part {
                Component::RootDir => {}
                Component::Normal(name) => path.push(name),
                _ => return Err(refused("`.` and `..` are refused")),
            }
        }
        if path.as_os_str().is_empty() {
            return Err(refused(
                "an empty path means the caller's own cgroup, whose processes would be killed",
            ));
        }
        if path.to_string_lossy().contains(':') {
            return Err(refused("systemd's slice:prefix:name is not supported"));
        }
        Ok(Self { path })
    }

    /// The path below each hierarchy.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses when somebody is in it already.
    pub(crate) fn must_be_free(&self) -> Result<()> {
        for folder in self.folders()? {
            if let Some(pid) = tasks(&folder).first() {
                return Err(LaunchError::Refused {
                    what: "linux.cgroupsPath",
                    why: format!("{} is in use by process {pid}", folder.display()),
                });
            }
        }
        Ok(())
    }

    /// Processes in it, in any hierarchy.
    pub(crate) fn members(&self) -> Result<Vec<i32>> {
        let mut all: Vec<i32> = self.folders()?.iter().flat_map(|f| tasks(f)).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Kills what is in it, waits until it is empty, and removes it from every hierarchy.
    pub(crate) fn remove(&self) -> Result<()> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        for _ in 0..PATIENCE_MS {
            let folders = self.folders()?;
            if folders.is_empty() {
                return Ok(());
            }
            for pid in self.members()? {
                if pid == own {
                    return Err(LaunchError::Refused {
                        what: "linux.cgroupsPath",
                        why: format!("{} is this program's own cgroup", self.path.display()),
                    });
                }
                // Gone by itself is as good.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            if folders.iter().all(|folder| remove_tree(folder).is_ok()) {
                return Ok(());
            }
            // An emptied cgroup can be removed a moment after its last process is gone.
            moment();
        }
        Err(LaunchError::Stuck {
            what: format!("cgroup {}", self.path.display()),
            seconds: PATIENCE_MS / 1000,
        })
    }

    /// The folders of this cgroup that exist.
    fn folders(&self) -> Result<Vec<PathBuf>> {
        let mounts = fs_err::read_to_string("/proc/self/mountinfo")?;
        Ok(hierarchies(&mounts)
            .into_iter()
            .map(|mount| mount.join(&self.path))
            .filter(|folder| folder.is_dir())
            .collect())
    }
}

/// Mount points of all hierarchies, v1 and v2.
fn hierarchies(mountinfo: &str) -> Vec<PathBuf> {
    mountinfo
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let kind = right.split(' ').next()?;
            matches!(kind, "cgroup" | "cgroup2")
                .then(|| left.split(' ').nth(4).map(unescape))
                .flatten()
        })
        .collect()
}

/// The kernel writes blanks and backslashes in mount points as `\ooo`.
fn unescape(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes
            .get(at + 1..at + 4)
            .filter(|_| bytes[at] == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(out))
}

/// Processes in a folder and below; what disappears meanwhile has none.
fn tasks(folder: &Path) -> Vec<i32> {
    let mut found: Vec<i32> = fs_err::read_to_string(folder.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        // 0 stands for a process of another namespace, which is nobody's to kill here.
        .filter(|pid| *pid > 0)
        .collect();
    for child in children(folder) {
        found.extend(tasks(&child));
    }
    found
}

fn remove_tree(folder: &Path) -> std::io::Result<()> {
    for child in children(folder) {
        remove_tree(&child)?;
    }
    match fs_err::remove_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_reach_beyond_the_container_are_refused() {
        for bad in [
            "",
            "/",
            "//",
            ".",
            "..",
            "/a/../b",
            "../x",
            "a:b:c",
            "/system.slice:x:y",
        ] {
            let got = Cgroup::new(Some(Path::new(bad)), "c");
            assert!(
                matches!(got, Err(LaunchError::Refused { .. })),
                "{bad}: {got:?}"
            );
        }
        for (good, path) in [("/a/b", "a/b"), ("a", "a"), ("/a//b/", "a/b")] {
            let got = Cgroup::new(Some(Path::new(good)), "c").unwrap();
            assert_eq!(got.path(), Path::new(path));
        }
        assert_eq!(
            Cgroup::new(None, "c").unwrap().path(),
            Path::new("launch/c")
        );
    }

    #[test]
    fn hierarchies_of_hybrid_v1_and_v2_are_found() {
        let text = "25 1 0:22 / /proc rw,nosuid - proc proc rw\n\
            30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:5 - cgroup cgroup rw,cpu\n\
            31 25 0:27 / /sys/fs/cgroup/a\\040b rw - cgroup2 cgroup2 rw\n\
            32 25 0:28 / /mnt rw - tmpfs cgroup rw\n";
        assert_eq!(
            hierarchies(text),
            [
                Path::new("/sys/fs/cgroup/cpu"),
                Path::new("/sys/fs/cgroup/a b")
            ]
        );
    }
}
