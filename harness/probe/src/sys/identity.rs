//! Who the program is: ids, groups, capabilities, `no_new_privs`.
#![allow(unsafe_code)]

use std::io;

use super::checked;

/// Real, effective and saved ids of one kind.
pub(crate) type Triple = [u32; 3];

/// Real, effective and saved user id.
pub(crate) fn user_ids() -> Triple {
    let mut ids = [u32::MAX; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: three valid places; the call cannot fail with them.
    unsafe { libc::getresuid(real, effective, saved) };
    ids
}

/// Real, effective and saved group id.
pub(crate) fn group_ids() -> Triple {
    let mut ids = [u32::MAX; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: three valid places; the call cannot fail with them.
    unsafe { libc::getresgid(real, effective, saved) };
    ids
}

/// Supplementary groups.
pub(crate) fn groups() -> io::Result<Vec<u32>> {
    // SAFETY: with size 0 nothing is written.
    let count = checked(unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
    let mut groups = vec![0; usize::try_from(count).unwrap_or(0)];
    // SAFETY: the vector has `count` places.
    let got = checked(unsafe { libc::getgroups(count, groups.as_mut_ptr()) })?;
    groups.truncate(usize::try_from(got).unwrap_or(0));
    Ok(groups)
}

/// Drops all supplementary groups.
pub(crate) fn drop_groups() -> io::Result<()> {
    // SAFETY: an empty list.
    checked(unsafe { libc::setgroups(0, std::ptr::null()) }).map(drop)
}

/// Sets all three group ids.
pub(crate) fn set_group(gid: u32) -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::setresgid(gid, gid, gid) }).map(drop)
}

/// Sets all three user ids.
pub(crate) fn set_user(uid: u32) -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::setresuid(uid, uid, uid) }).map(drop)
}

/// Takes every capability out of the bounding set; needs `CAP_SETPCAP`.
pub(crate) fn drop_bounding() -> io::Result<()> {
    for capability in 0..64 as libc::c_ulong {
        // SAFETY: numbers only.
        match unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) } {
            0 => {}
            1 => {
                // SAFETY: numbers only.
                checked(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) })?;
            }
            // The kernel knows no capability of this number, nor any above it.
            _ => break,
        }
    }
    Ok(())
}

/// Header and data of the kernel's capability calls, version 3.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilityHalf {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

/// Empties the ambient, effective, permitted and inheritable sets.
pub(crate) fn drop_capabilities() -> io::Result<()> {
    let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong;
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, clear, 0, 0, 0) })?;
    let header = CapabilityHeader {
        version: CAPABILITY_VERSION_3,
        pid: 0,
    };
    let empty = [CapabilityHalf {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    // SAFETY: version 3 reads one header and two halves.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, empty.as_ptr()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Every capability that is in any set, the bounding one included.
pub(crate) fn capabilities_left() -> io::Result<u64> {
    let mut header = CapabilityHeader {
        version: CAPABILITY_VERSION_3,
        pid: 0,
    };
    let mut halves = [CapabilityHalf {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    // SAFETY: version 3 uses one header and writes two halves.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let any = |half: CapabilityHalf| u64::from(half.effective | half.permitted | half.inheritable);
    let mut left = any(halves[0]) | any(halves[1]) << 32;
    for capability in 0..64 {
        // SAFETY: numbers only.
        let read =
            unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability as libc::c_ulong, 0, 0, 0) };
        if read == 1 {
            left |= 1 << capability;
        }
    }
    Ok(left)
}

/// Forbids itself and all its children to gain rights by exec.
pub(crate) fn set_no_new_privs() -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1 as libc::c_ulong, 0, 0, 0) })
        .map(drop)
}

/// Whether `no_new_privs` is set.
pub(crate) fn no_new_privs() -> bool {
    // SAFETY: numbers only.
    unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0 as libc::c_ulong, 0, 0, 0) == 1 }
}

/// Hides this program's own files and memory from others of the same user: a container must not
/// reach the probe's executable through its `/proc/PID/exe`.
pub(crate) fn hide() -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0 as libc::c_ulong, 0, 0, 0) }).map(drop)
}
