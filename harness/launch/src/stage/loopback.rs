//! The loopback device of a new network, brought up: libcontainer leaves it down, and then a
//! program cannot even reach itself.
#![allow(unsafe_code)]

use std::os::fd::AsRawFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::error::{Result, system};

/// Sets `lo` up in the network of this process.
pub(crate) fn up() -> Result<()> {
    let told = || system("bring loopback up");
    let control = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )
    .map_err(told())?;
    // SAFETY: the structure is plain data, for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (at, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *at = libc::c_char::from_ne_bytes([*byte]);
    }
    // SAFETY: both requests take a pointer to an `ifreq`, which lives until they return; the first
    // fills in the flags, so reading that member of the union afterwards is right.
    unsafe {
        let result = libc::ioctl(
            control.as_raw_fd(),
            libc::SIOCGIFFLAGS as _,
            &raw mut request,
        );
        nix::errno::Errno::result(result).map_err(told())?;
        request.ifr_ifru.ifru_flags |=
            libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or(0);
        let result = libc::ioctl(
            control.as_raw_fd(),
            libc::SIOCSIFFLAGS as _,
            &raw mut request,
        );
        nix::errno::Errno::result(result).map_err(told())?;
    }
    Ok(())
}
