//! A writable view of a delivered tree: the tree itself is never touched.

use camino::{Utf8Path, Utf8PathBuf};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// A mounted overlay over a delivered tree.
#[derive(Debug)]
pub(crate) struct Overlay {
    folder: Utf8PathBuf,
}

impl Overlay {
    /// Mounts an overlay of `lower` under `folder`: a tmpfs holds what is written.
    pub(crate) fn mount(lower: &Utf8Path, folder: &Utf8Path) -> std::io::Result<Self> {
        fs_err::create_dir_all(folder)?;
        let none = MountFlags::empty();
        mount("tmpfs", folder.as_str(), "tmpfs", none, Some(c"mode=0755"))?;
        let overlay = Self {
            folder: folder.to_owned(),
        };
        for name in ["upper", "work", "root"] {
            fs_err::create_dir(folder.join(name))?;
        }
        let options = format!("lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work");
        let options = std::ffi::CString::new(options).map_err(std::io::Error::other)?;
        mount(
            "overlay",
            overlay.root().as_str(),
            "overlay",
            none,
            Some(options.as_c_str()),
        )?;
        Ok(overlay)
    }

    /// The merged view.
    pub(crate) fn root(&self) -> Utf8PathBuf {
        self.folder.join("root")
    }

    /// What was written.
    pub(crate) fn upper(&self) -> Utf8PathBuf {
        self.folder.join("upper")
    }

    /// Unmounts and removes it.
    pub(crate) fn remove(self) -> std::io::Result<()> {
        unmount(self.root().as_str(), UnmountFlags::DETACH)?;
        unmount(self.folder.as_str(), UnmountFlags::DETACH)?;
        fs_err::remove_dir(&self.folder)
    }
}

/// Unmounts everything mounted below `folder`, innermost first; how many there were.
pub(crate) fn unmount_below(folder: &Utf8Path) -> std::io::Result<usize> {
    let table = fs_err::read_to_string("/proc/self/mounts")?;
    let inside = format!("{folder}/");
    let mut points: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|point| point.starts_with(&inside) || *point == folder.as_str())
        .collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.len()));
    for point in &points {
        unmount(*point, UnmountFlags::DETACH)?;
    }
    Ok(points.len())
}
