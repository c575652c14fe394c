//! A container's own root: the delivered folder below, memory above.
//!
//! libcontainer makes mount points in the root even when it is read-only, so a delivered tree must
//! never be a root itself. The overlay is mounted in a mount namespace that only the container
//! keeps, so it is gone with its last process.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount as system_mount};

use crate::arguments::Mode;
use crate::effective::Layers;
use crate::error::{Result, system};

/// Mounts it below `scratch`, which is made, and returns the root.
pub(crate) fn mount(layers: &Layers, scratch: &Path, mode: Mode) -> Result<PathBuf> {
    fs_err::create_dir_all(scratch)?;
    system_mount(
        Some("tmpfs"),
        scratch,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .map_err(system(format!("mount memory on {}", scratch.display())))?;
    for name in ["lower", "kept", "root"] {
        fs_err::create_dir(scratch.join(name))?;
    }
    bind(&layers.lower, &scratch.join("lower"))?;
    if let Some(kept) = &layers.kept {
        bind(kept, &scratch.join("kept"))?;
    }
    let upper = scratch.join("kept/upper");
    fs_err::create_dir(&upper)?;
    fs_err::create_dir(scratch.join("kept/work"))?;
    // The merged root folder looks like the upper one.
    let like = fs_err::metadata(&layers.lower)?;
    if mode == Mode::Root {
        std::os::unix::fs::chown(&upper, Some(like.uid()), Some(like.gid()))?;
    }
    fs_err::set_permissions(
        &upper,
        std::fs::Permissions::from_mode(like.mode() & 0o7777),
    )?;
    merge(scratch, mode)?;
    Ok(scratch.join("root"))
}

/// Mounts `lower` and `kept` of `scratch` on its `root`.
fn merge(scratch: &Path, mode: Mode) -> Result<()> {
    // Names relative to the working directory, so that no path needs escaping in the options.
    let before = std::env::current_dir()?;
    nix::unistd::chdir(scratch).map_err(system(format!("enter {}", scratch.display())))?;
    let options = match mode {
        Mode::Root => "lowerdir=lower,upperdir=kept/upper,workdir=kept/work",
        // A normal user may not write `trusted.*` attributes.
        Mode::Rootless => "lowerdir=lower,upperdir=kept/upper,workdir=kept/work,userxattr",
    };
    let mounted = system_mount(
        Some("overlay"),
        "root",
        Some("overlay"),
        MsFlags::empty(),
        Some(options),
    )
    .map_err(system("mount an overlay"));
    nix::unistd::chdir(&before).map_err(system(format!("return to {}", before.display())))?;
    mounted
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    system_mount(Some(from), to, None::<&str>, flags, None::<&str>)
        .map_err(system(format!("bind {}", from.display())))
}
