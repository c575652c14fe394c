//! What is made around libcontainer: user namespace, network, overlay, private root.
//!
//! # A normal user's container
//! libcontainer always wants a cgroup, and with a user namespace in the spec it asks systemd for
//! one; on a v1 or hybrid host a normal user has neither. Two routes were tried: a runner of our
//! own, and this one, which keeps libcontainer and gives it surroundings in which it finds no
//! cgroup hierarchy at all, so that its v1 code has nothing to do:
//!
//! 1. a user namespace with a single mapping, the image's user to the caller's, and a mount
//!    namespace, both entered by this process before libcontainer is called ([`user`]);
//! 2. a root in memory that holds the paths the container needs, `/proc`, `/dev` and an empty
//!    `/sys/fs/cgroup` ([`root`]); the old root is detached, so no cgroup mount is visible;
//! 3. libcontainer's `create` without a user namespace in the spec.
//!
//! It is the better of the two because masked paths, capabilities, devices and the order of steps
//! are the same code as for root, so a check that passes in one mode means the same in the other.
//! `start`, `state`, `kill` and `delete` run outside those surroundings.
//!
//! The network: a namespace given by path belongs to some user namespace. That one is entered first
//! and ours is made inside it, so the container may join the network of a prober that the same user
//! started, whatever ids the prober mapped. A new network gets its loopback device up.
//!
//! What cannot be had this way: other user ids, resource limits, cgroup figures.

pub(crate) mod loopback;
pub(crate) mod overlay;
pub(crate) mod root;
pub(crate) mod user;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::arguments::Mode;
use crate::effective::{Effective, Network};
use crate::error::{Result, system};
use crate::record::Home;

/// Enters and makes what `effective` needs, for good: this process is in new surroundings after
/// it. Returns what else has to be bound: nothing further.
pub(crate) fn enter(effective: &mut Effective, home: &Home, mode: Mode) -> Result<()> {
    match mode {
        Mode::Rootless => {
            let network = user::enter(&effective.needs)?;
            if network == user::Entered::New {
                loopback::up()?;
            }
            private_mounts()?;
            root::enter(effective, home)?;
        }
        Mode::Root => {
            if effective.needs.network == Network::New {
                unshare(CloneFlags::CLONE_NEWNET).map_err(system("make a network namespace"))?;
                loopback::up()?;
            }
            if effective.needs.overlay.is_some() {
                unshare(CloneFlags::CLONE_NEWNS).map_err(system("make a mount namespace"))?;
                private_mounts()?;
            }
        }
    }
    if let Some(layers) = effective.needs.overlay.clone() {
        let merged = overlay::mount(&layers, &home.scratch(), mode)?;
        effective.set_root(&merged);
    }
    Ok(())
}

/// Nothing mounted from here on is seen outside.
pub(crate) fn private_mounts() -> Result<()> {
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )
    .map_err(system("make mounts private"))
}
