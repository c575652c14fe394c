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

/// Sets the supplementary groups.
pub(crate) fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: the kernel reads `len` numbers from the slice.
    checked(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }).map(drop)
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

/// Capabilities outlive the next change from user 0 to another.
pub(crate) fn keep_capabilities() -> io::Result<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1 as libc::c_ulong, 0, 0, 0) }).map(drop)
}

/// Takes every capability but those of `kept` out of the bounding set; needs `CAP_SETPCAP`.
pub(crate) fn drop_bounding(kept: u64) -> io::Result<()> {
    for capability in 0..64 as libc::c_ulong {
        // SAFETY: numbers only.
        match unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) } {
            0 => {}
            1 if kept >> capability & 1 == 1 => {}
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

/// Three of a thread's capability sets, as bit masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CapabilitySets {
    /// In force.
    pub(crate) effective: u64,
    /// May be put in force.
    pub(crate) permitted: u64,
    /// May be kept by what is executed.
    pub(crate) inheritable: u64,
}

/// Sets the effective, permitted and inheritable sets.
pub(crate) fn set_capabilities(sets: CapabilitySets) -> io::Result<()> {
    let header = CapabilityHeader {
        version: CAPABILITY_VERSION_3,
        pid: 0,
    };
    #[allow(
        clippy::cast_possible_truncation,
        reason = "one half of the bits at a time"
    )]
    let half = |shift: u32| CapabilityHalf {
        effective: (sets.effective >> shift) as u32,
        permitted: (sets.permitted >> shift) as u32,
        inheritable: (sets.inheritable >> shift) as u32,
    };
    let halves = [half(0), half(32)];
    // SAFETY: version 3 reads one header and two halves.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Makes the ambient set this one; each must be permitted and inheritable.
pub(crate) fn set_ambient(wanted: u64) -> io::Result<()> {
    let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong;
    // SAFETY: numbers only.
    checked(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, clear, 0, 0, 0) })?;
    let raise = libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong;
    for capability in (0..64 as libc::c_ulong).filter(|bit| wanted >> bit & 1 == 1) {
        // SAFETY: numbers only.
        checked(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, raise, capability, 0, 0) })?;
    }
    Ok(())
}

/// The effective, permitted and inheritable sets.
pub(crate) fn capabilities() -> io::Result<CapabilitySets> {
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
    let whole = |of: fn(&CapabilityHalf) -> u32| {
        u64::from(of(&halves[0])) | u64::from(of(&halves[1])) << 32
    };
    Ok(CapabilitySets {
        effective: whole(|half| half.effective),
        permitted: whole(|half| half.permitted),
        inheritable: whole(|half| half.inheritable),
    })
}

/// Every capability that is in any set, the bounding one included.
pub(crate) fn capabilities_left() -> io::Result<u64> {
    let sets = capabilities()?;
    let mut left = sets.effective | sets.permitted | sets.inheritable;
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
