//! Runs another runtime where it sees the hierarchies of cgroup version 1 alone.
//!
//! crun refuses a host that mounts version 2 with controllers beside version 1 (crun 1.8: "cgroups in
//! hybrid mode not supported"), and works on the version 1 part of the same host. In a mount namespace
//! of its own, version 2 is covered; the container gets a namespace below that one.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};

use crate::error::{LaunchError, Result, system};

/// Where hybrid hosts mount version 2.
const UNIFIED: &str = "/sys/fs/cgroup/unified";

/// Becomes the program `words`; comes back only with an error.
#[allow(
    clippy::disallowed_methods,
    reason = "another runtime is what it becomes"
)]
pub(crate) fn on_v1(words: &[OsString]) -> Result<Infallible> {
    let (program, arguments) = words
        .split_first()
        .ok_or(LaunchError::Usage("on-v1 wants a program"))?;
    if statfs(UNIFIED).is_ok_and(|found| found.filesystem_type() == CGROUP2_SUPER_MAGIC) {
        cover()?;
    }
    Err(Command::new(program).args(arguments).exec().into())
}

fn cover() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(system("making a mount namespace"))?;
    let nothing = None::<&str>;
    let apart = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    mount(nothing, "/", nothing, apart, nothing)
        .map_err(system("keeping mounts to the namespace"))?;
    // Folders that a runtime makes there mean nothing and are gone with the namespace.
    mount(
        Some("none"),
        UNIFIED,
        Some("tmpfs"),
        MsFlags::empty(),
        nothing,
    )
    .map_err(system(format!("covering {UNIFIED}")))
}
