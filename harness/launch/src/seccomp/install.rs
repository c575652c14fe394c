//! The program into the kernel, by the raw system call.
//!
//! The call does not set `no_new_privs` itself: that is the spec's to ask for, and the executor has
//! checked beforehand that the kernel will accept the filter.
#![allow(unsafe_code)]

use super::Filter;

/// Puts the calling thread, which is the only one, under `filter`. It cannot be undone.
pub(crate) fn install(filter: &Filter) -> std::io::Result<()> {
    let len = u16::try_from(filter.program.len())
        .map_err(|_| std::io::Error::from_raw_os_error(libc::EINVAL))?;
    let program = libc::sock_fprog {
        len,
        filter: filter.program.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel reads `len` instructions from `filter.program`, which is alive and that
    // long, copies them and writes nothing back; a program that does not verify is refused.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::c_ulong::from(libc::SECCOMP_SET_MODE_FILTER),
            filter.flags,
            &raw const program,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}
