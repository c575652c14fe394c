//! A container's own root: the delivered folder below, memory above.
//!
//! libcontainer makes mount points in the root even when it is read-only, so a delivered tree must
//! never be a root itself. The overlay is mounted in a mount namespace that only the container
//! keeps, so it is gone with its last process.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount as system_mount};

use crate::arguments::Mode;
use crate::error::{Result, system};

/// Mounts it below `scratch`, which is made, and returns the root.
pub(crate) fn mount(lower: &Path, scratch: &Path, mode: Mode) -> Result<PathBuf> {
    fs_err::create_dir_all(scratch)?;
    let none = None::<&str>;
    system_mount(
        Some("tmpfs"),
        scratch,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .map_err(system(format!("mount memory on {}", scratch.display())))?;
    for name in ["lower", "upper", "work", "root"] {
        fs_err::create_dir(scratch.join(name))?;
    }
    system_mount(
        Some(lower),
        &scratch.join("lower"),
        none,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        none,
    )
    .map_err(system(format!("bind {}", lower.display())))?;
    // The merged root folder looks like the upper one.
    let like = fs_err::metadata(lower)?;
    let upper = scratch.join("upper");
    if mode == Mode::Root {
        std::os::unix::fs::chown(&upper, Some(like.uid()), Some(like.gid()))?;
    }
    fs_err::set_permissions(
        &upper,
        std::fs::Permissions::from_mode(like.mode() & 0o7777),
    )?;
    // Names relative to the working directory, so that no path needs escaping in the options.
    let before = std::env::current_dir()?;
    nix::unistd::chdir(scratch).map_err(system(format!("enter {}", scratch.display())))?;
    let options = match mode {
        Mode::Root => "lowerdir=lower,upperdir=upper,workdir=work",
        // A normal user may not write `trusted.*` attributes.
        Mode::Rootless => "lowerdir=lower,upperdir=upper,workdir=work,userxattr",
    };
    let mounted = system_mount(
        Some("overlay"),
        "root",
        Some("overlay"),
        MsFlags::empty(),
        Some(options),
    )
    .map_err(system(format!("mount an overlay of {}", lower.display())));
    nix::unistd::chdir(&before).map_err(system(format!("return to {}", before.display())))?;
    mounted?;
    Ok(scratch.join("root"))
}
