//! The network: a connection begun without waiting, and bringing `lo` up.
#![allow(unsafe_code)]

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::checked;

/// A non-blocking stream whose connection may still be under way.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It stands.
    Connected(TcpStream),
    /// Writable once it stands or has failed; `take_error` tells.
    Pending(TcpStream),
}

/// Begins to connect; a refusal that is known at once is the error.
pub(crate) fn begin_connect(to: SocketAddr) -> io::Result<Begun> {
    let family = match to {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: numbers only.
    let fd = checked(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: it was just made and belongs to nobody else.
    let stream = TcpStream::from(unsafe { OwnedFd::from_raw_fd(fd) });
    match connect(&stream, to) {
        Ok(()) => Ok(Begun::Connected(stream)),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(Begun::Pending(stream)),
        Err(error) => Err(error),
    }
}

fn connect(stream: &TcpStream, to: SocketAddr) -> io::Result<()> {
    let fd = stream.as_raw_fd();
    let result = match to {
        SocketAddr::V4(to) => {
            let address = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: to.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(to.ip().octets()),
                },
                sin_zero: [0; 8],
            };
            // SAFETY: the address is a whole sockaddr_in and its size is passed.
            unsafe { libc::connect(fd, (&raw const address).cast(), size_of_val(&address) as _) }
        }
        SocketAddr::V6(to) => {
            let address = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: to.port().to_be(),
                sin6_flowinfo: to.flowinfo(),
                sin6_addr: libc::in6_addr {
                    s6_addr: to.ip().octets(),
                },
                sin6_scope_id: to.scope_id(),
            };
            // SAFETY: the address is a whole sockaddr_in6 and its size is passed.
            unsafe { libc::connect(fd, (&raw const address).cast(), size_of_val(&address) as _) }
        }
    };
    checked(result).map(drop)
}

/// The part of the kernel's `struct ifreq` that setting flags uses; 40 bytes as in the kernel.
#[repr(C)]
struct InterfaceFlags {
    name: [u8; libc::IFNAMSIZ],
    flags: libc::c_short,
    rest: [u8; 22],
}

/// Brings the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
    // SAFETY: numbers only.
    let fd = checked(unsafe { libc::socket(libc::AF_INET, kind, 0) })?;
    // SAFETY: it was just made and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut request = InterfaceFlags {
        name: [0; libc::IFNAMSIZ],
        flags: 0,
        rest: [0; 22],
    };
    request.name[..2].copy_from_slice(b"lo");
    let ask = |what: libc::c_ulong, request: &mut InterfaceFlags| {
        // SAFETY: both calls read and write one ifreq, which InterfaceFlags is laid out as.
        checked(unsafe { libc::ioctl(socket.as_raw_fd(), what as _, std::ptr::from_mut(request)) })
    };
    ask(libc::SIOCGIFFLAGS as libc::c_ulong, &mut request)?;
    let up = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    if request.flags & up == up {
        return Ok(());
    }
    request.flags |= up;
    ask(libc::SIOCSIFFLAGS as libc::c_ulong, &mut request).map(drop)
}
