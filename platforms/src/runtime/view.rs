//! A container's own root over a delivered tree, which itself is never touched.
//!
//! The embedded runtime makes the overlay where only the container sees it, so nothing is mounted
//! on the host and nothing has to be unmounted; for other runtimes it is mounted on the host. Where
//! a normal user cannot have an overlay, the tree is copied.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::overlay::Overlay;
use super::{Kind, Privilege, Runtime};

/// What a container's root is.
#[derive(Debug)]
pub(crate) enum View {
    /// An overlay on the host.
    Mounted(Overlay),
    /// An overlay that the runtime makes.
    Private {
        /// The delivered tree.
        lower: Utf8PathBuf,
        /// Where what is written stays; in memory without one.
        kept: Option<Utf8PathBuf>,
    },
    /// A copy.
    Copied(Utf8PathBuf),
}

/// Whether what a container writes is looked at afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is kept until the view is removed.
    Kept,
    /// It goes with the container.
    Lost,
}

impl View {
    /// Makes a view of `lower`; `folder` is for what it needs and must not exist.
    pub(crate) fn make(
        runtime: &Runtime,
        privilege: &Privilege,
        lower: &Utf8Path,
        folder: &Utf8Path,
        written: Written,
    ) -> std::io::Result<Self> {
        match (privilege, runtime.kind) {
            (Privilege::Normal { copied: Some(_) }, _) => {
                if written == Written::Kept {
                    return Err(std::io::Error::other(
                        "a normal user cannot mount an overlay here, so what a program writes \
                         cannot be told apart",
                    ));
                }
                copy(lower, folder)?;
                Ok(Self::Copied(folder.to_owned()))
            }
            (_, Kind::Embedded) => {
                let kept = (written == Written::Kept).then(|| folder.to_owned());
                if let Some(kept) = &kept {
                    fs_err::create_dir(kept)?;
                }
                Ok(Self::Private {
                    lower: lower.to_owned(),
                    kept,
                })
            }
            (_, Kind::Plain) => Overlay::mount(lower, folder).map(Self::Mounted),
        }
    }

    /// The root as the bundle names it.
    pub(crate) fn root(&self) -> Utf8PathBuf {
        match self {
            Self::Mounted(overlay) => overlay.root(),
            Self::Private { lower, .. } => lower.clone(),
            Self::Copied(folder) => folder.clone(),
        }
    }

    /// What the bundle asks of the runtime.
    pub(crate) fn annotations(&self) -> Value {
        match self {
            Self::Private { lower, kept: None } => json!({"dev.certify.overlay.lower": lower}),
            Self::Private {
                lower,
                kept: Some(kept),
            } => json!({"dev.certify.overlay.lower": lower, "dev.certify.overlay.kept": kept}),
            Self::Mounted(_) | Self::Copied(_) => json!({}),
        }
    }

    /// The folder with what was written, if it is kept.
    pub(crate) fn written(&self) -> Option<Utf8PathBuf> {
        match self {
            Self::Mounted(overlay) => Some(overlay.upper()),
            Self::Private { kept, .. } => kept.as_ref().map(|kept| kept.join("upper")),
            Self::Copied(_) => None,
        }
    }

    /// Removes it, once its container is gone.
    pub(crate) fn remove(self) -> std::io::Result<()> {
        match self {
            Self::Mounted(overlay) => overlay.remove(),
            Self::Private {
                kept: Some(folder), ..
            }
            | Self::Copied(folder) => remove_all(&folder),
            Self::Private { kept: None, .. } => Ok(()),
        }
    }
}

/// Removes a folder that may hold folders without any permission, as an overlay's work folder does.
pub(crate) fn remove_all(folder: &Utf8Path) -> std::io::Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => return other,
    }
    open_up(folder)?;
    fs_err::remove_dir_all(folder)
}

fn open_up(folder: &Utf8Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(entry.path())?;
        }
    }
    Ok(())
}

/// Copies folders, files and links with their modes; a normal user's tree has nothing else.
fn copy(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(source, &target)?;
        } else if kind.is_symlink() {
            let link = fs_err::read_link(source)?;
            fs_err::os::unix::fs::symlink(link, &target)?;
        } else {
            fs_err::copy(source, &target)?;
        }
    }
    // Last: a folder may forbid writing.
    fs_err::set_permissions(to, fs_err::metadata(from)?.permissions())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_has_the_same_files_links_and_modes_and_can_be_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let at = Utf8Path::from_path(temporary.path()).unwrap();
        let (from, to) = (at.join("from"), at.join("to"));
        fs_err::create_dir_all(from.join("closed")).unwrap();
        fs_err::write(from.join("closed/file"), "text").unwrap();
        fs_err::os::unix::fs::symlink("closed/file", from.join("link")).unwrap();
        let mode = |path: &str, bits| {
            let bits = std::fs::Permissions::from_mode(bits);
            fs_err::set_permissions(from.join(path), bits).unwrap();
        };
        mode("closed/file", 0o555);
        mode("closed", 0o555);
        copy(&from, &to).unwrap();
        assert_eq!(fs_err::read_to_string(to.join("link")).unwrap(), "text");
        for path in ["closed", "closed/file"] {
            let bits = fs_err::metadata(to.join(path))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(bits & 0o7777, 0o555, "{path}");
        }
        remove_all(&to).unwrap();
        remove_all(&to).unwrap();
        assert!(!to.exists());
        mode("closed", 0o755);
    }
}
