//! A normal user's namespaces: the network by path, the user namespace with its single mapping.

use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use fs_err::File;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getegid, geteuid};

use crate::effective::{Needs, Network};
use crate::error::{LaunchError, Result, system};

/// What became of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    /// A new one, whose loopback device is down.
    New,
    /// An existing one.
    Existing,
}

/// Enters user and mount namespace, and the network.
pub(crate) fn enter(needs: &Needs) -> Result<Entered> {
    let mut flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    let entered = match &needs.network {
        Network::Shared => Entered::Existing,
        Network::New => {
            flags |= CloneFlags::CLONE_NEWNET;
            Entered::New
        }
        Network::At(path) => {
            let network = File::open(path)?;
            let told = || format!("enter network {}", path.display());
            let owner = owner(&network).map_err(system(told()))?;
            // Our own user namespace cannot be entered again and need not be.
            match setns(owner.as_fd(), CloneFlags::CLONE_NEWUSER) {
                Ok(()) | Err(nix::errno::Errno::EINVAL) => {}
                Err(why) => return Err(system(told())(why)),
            }
            setns(network.file().as_fd(), CloneFlags::CLONE_NEWNET).map_err(system(told()))?;
            Entered::Existing
        }
    };
    let (outer_uid, outer_gid) = (geteuid(), getegid());
    unshare(flags).map_err(|why| LaunchError::System {
        what: "make a user namespace (user.max_user_namespaces, a security module or the \
               container around us may forbid it)"
            .to_owned(),
        why,
    })?;
    let (uid, gid) = needs.user;
    // The files below belong to root while the process counts as one with secrets.
    nix::sys::prctl::set_dumpable(true).map_err(system("become dumpable"))?;
    fs_err::write("/proc/self/setgroups", "deny")?;
    fs_err::write("/proc/self/uid_map", format!("{uid} {outer_uid} 1"))?;
    fs_err::write("/proc/self/gid_map", format!("{gid} {outer_gid} 1"))?;
    Ok(entered)
}

/// The user namespace that a network belongs to.
#[allow(unsafe_code)]
fn owner(network: &File) -> nix::Result<OwnedFd> {
    use std::os::fd::AsRawFd;
    /// `_IO(0xb7, 1)`, the same on every architecture that has `_IO` in its usual form.
    const NS_GET_USERNS: libc::c_ulong = 0xb701;
    // SAFETY: the request takes no argument; it answers with a new descriptor or -1. The type of
    // the request differs between C libraries, hence the cast.
    let fd = unsafe { libc::ioctl(network.as_raw_fd(), NS_GET_USERNS as _) };
    nix::errno::Errno::result(fd)?;
    // SAFETY: the kernel has just opened it for us and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
