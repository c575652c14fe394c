//! Making and entering namespaces, changing the root.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _};

use super::checked;

/// Kinds of namespaces that the probe makes or enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Users and groups; first, since it gives the right to the others.
    User,
    /// Mounts.
    Mount,
    /// Network.
    Net,
    /// System V IPC and message queues.
    Ipc,
    /// Host name.
    Uts,
    /// Pids; children are in it, the caller stays outside.
    Pid,
}

impl Kind {
    /// Its name below `/proc/PID/ns`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Mount => "mnt",
            Self::Net => "net",
            Self::Ipc => "ipc",
            Self::Uts => "uts",
            Self::Pid => "pid",
        }
    }

    const fn flag(self) -> libc::c_int {
        match self {
            Self::User => libc::CLONE_NEWUSER,
            Self::Mount => libc::CLONE_NEWNS,
            Self::Net => libc::CLONE_NEWNET,
            Self::Ipc => libc::CLONE_NEWIPC,
            Self::Uts => libc::CLONE_NEWUTS,
            Self::Pid => libc::CLONE_NEWPID,
        }
    }
}

/// Leaves the caller's namespace of this kind for a new one.
pub(crate) fn leave(kind: Kind) -> io::Result<()> {
    // SAFETY: numbers only; the caller has one thread, so no other is surprised.
    checked(unsafe { libc::unshare(kind.flag()) }).map(drop)
}

/// Enters the namespace that a descriptor of `/proc/PID/ns/*` names.
pub(crate) fn enter(namespace: impl AsFd, kind: Kind) -> io::Result<()> {
    // SAFETY: numbers only; the caller has one thread.
    checked(unsafe { libc::setns(namespace.as_fd().as_raw_fd(), kind.flag()) }).map(drop)
}

/// The user namespace that a namespace belongs to: rights in it are rights over the namespace.
/// Source: `ioctl_nsfs(2)`, `NS_GET_USERNS`.
pub(crate) fn owner(namespace: impl AsFd) -> io::Result<File> {
    related(namespace, 0xb701)
}

/// The user namespace in which a user namespace was made. Source: `ioctl_nsfs(2)`,
/// `NS_GET_PARENT`.
pub(crate) fn parent(user: impl AsFd) -> io::Result<File> {
    related(user, 0xb702)
}

/// `EPERM` when the answer lies outside the caller's own user namespace and those inside it.
fn related(namespace: impl AsFd, request: libc::c_ulong) -> io::Result<File> {
    let at = namespace.as_fd().as_raw_fd();
    // SAFETY: both requests take no argument and answer with a new descriptor or -1. The type of
    // the request differs between C libraries, hence the cast.
    let fd = checked(unsafe { libc::ioctl(at, request as _) })?;
    // SAFETY: the kernel has just opened it for us and nobody else knows it.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Makes a directory the root and the working directory.
pub(crate) fn change_root(root: impl AsFd) -> io::Result<()> {
    // SAFETY: the descriptor is open; "." is a C string.
    unsafe {
        checked(libc::fchdir(root.as_fd().as_raw_fd()))?;
        checked(libc::chroot(c".".as_ptr()))?;
        checked(libc::chdir(c"/".as_ptr()))?;
    }
    Ok(())
}

/// Mounts an empty tmpfs, to see whether that is possible.
pub(crate) fn mount_tmpfs(on: &std::ffi::CStr) -> io::Result<()> {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    // SAFETY: three C strings and no data.
    checked(unsafe {
        libc::mount(
            c"certify".as_ptr(),
            on.as_ptr(),
            c"tmpfs".as_ptr(),
            flags,
            std::ptr::null(),
        )
    })
    .map(drop)
}

/// Takes a mount away again.
pub(crate) fn unmount(from: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: a C string and a number.
    checked(unsafe { libc::umount2(from.as_ptr(), libc::MNT_DETACH) }).map(drop)
}
