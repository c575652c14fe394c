//! A normal user's private root: a folder in memory that holds what the container needs to be made
//! and nothing else, above all no cgroup.

use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root};

use crate::effective::Effective;
use crate::error::{Result, system};
use crate::record::Home;

/// Enters it. Paths of the container, of its state and of its bind mounts stay what they were.
pub(crate) fn enter(effective: &Effective, home: &Home) -> Result<()> {
    let stage = home.stage();
    fs_err::create_dir_all(&stage)?;
    mount(
        Some("tmpfs"),
        &stage,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .map_err(system(format!("mount memory on {}", stage.display())))?;
    fs_err::create_dir_all(stage.join("sys/fs/cgroup"))?;
    let mut wanted = vec![PathBuf::from("/proc"), PathBuf::from("/dev")];
    wanted.push(home.root.clone());
    wanted.extend(effective.sources());
    for path in outermost(&wanted) {
        bind(&path, &stage)?;
    }
    chdir(&stage).map_err(system(format!("enter {}", stage.display())))?;
    // Onto itself: the old root then lies on top and can be taken off.
    pivot_root(".", ".").map_err(system("make it the root"))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(system("detach the old root"))?;
    chdir("/").map_err(system("enter the new root"))
}

/// Binds `path` at the same place below `stage`.
fn bind(path: &Path, stage: &Path) -> Result<()> {
    let at = stage.join(path.strip_prefix("/").unwrap_or(path));
    if fs_err::metadata(path)?.is_dir() {
        fs_err::create_dir_all(&at)?;
    } else {
        if let Some(parent) = at.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&at, "")?;
    }
    mount(
        Some(path),
        &at,
        None::<&str>,
        // Recursive: what is mounted below may not be uncovered by a less privileged namespace.
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None::<&str>,
    )
    .map_err(system(format!("bind {}", path.display())))
}

/// Each path once, without those below another.
fn outermost(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut sorted = paths.to_vec();
    sorted.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in sorted {
        if !kept.iter().any(|above| path.starts_with(above)) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_another_is_not_bound_twice() {
        let paths = ["/b/c", "/a", "/b", "/a", "/ab"].map(PathBuf::from);
        assert_eq!(outermost(&paths), ["/a", "/ab", "/b"].map(PathBuf::from));
    }
}
