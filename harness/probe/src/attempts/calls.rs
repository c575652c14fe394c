//! Calls that gain rights or run code without a file.

use std::ffi::CStr;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use probe::{Calls, Permitted, Refusal, Tried};

use super::fork::{Nursery, Told};
use crate::sys::namespace::{self, Kind};
use crate::sys::{child, files, identity};

/// Directories on which a mount may be tried; any container has one of them.
const MOUNT_ON: [&CStr; 5] = [c"/tmp", c"/run", c"/dev", c"/proc", c"/etc"];

/// Tries all of them, each in a child of its own.
pub(crate) fn calls(nursery: &Nursery<'_>, uid: u32, payload: &[u8]) -> Calls {
    Calls {
        become_root: if uid == 0 {
            // It is root already: the call would say nothing.
            untried(None)
        } else {
            tried(nursery.attempt(|| identity::set_user(0)))
        },
        mount: tried(nursery.attempt(mount)),
        new_user_namespace: tried(nursery.attempt(|| namespace::leave(Kind::User))),
        execute_memfd: tried(nursery.attempt(|| {
            let mut file = files::memory_file(c"certify")?;
            file.write_all(payload)?;
            Err(child::exec_open(file.as_fd(), &[c"certify"]))
        })),
    }
}

fn mount() -> io::Result<()> {
    let mut last = io::Error::from_raw_os_error(libc::ENOENT);
    for point in MOUNT_ON {
        match namespace::mount_tmpfs(point) {
            Ok(()) => return namespace::unmount(point),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn tried(told: Told) -> Tried {
    match told {
        Told::Replaced | Told::Done => Tried {
            result: Permitted::Allowed,
            refusal: None,
        },
        Told::Refused(refusal) => Tried {
            result: Permitted::Refused,
            refusal: Some(refusal),
        },
        Told::Untried(refusal) => untried(Some(refusal)),
    }
}

const fn untried(refusal: Option<Refusal>) -> Tried {
    Tried {
        result: Permitted::Untried,
        refusal,
    }
}
