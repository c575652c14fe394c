//! OCI actions to the values a filter returns (`SECCOMP_RET_*` with its data).

use oci_spec::runtime::LinuxSeccompAction;

use super::SeccompError;

/// The largest error number; the kernel clamps what is above.
const MOST_ERRNO: u32 = 4095;

/// The return value for `action`. Error numbers default to `EPERM`, and so does the message of a
/// tracer, as in runc.
pub(super) fn verdict(action: LinuxSeccompAction, errno: Option<u32>) -> Result<u32, SeccompError> {
    let data = errno.unwrap_or(libc::EPERM.unsigned_abs());
    if data > MOST_ERRNO {
        return Err(SeccompError::Errno(data));
    }
    Ok(match action {
        LinuxSeccompAction::ScmpActAllow => libc::SECCOMP_RET_ALLOW,
        LinuxSeccompAction::ScmpActErrno => libc::SECCOMP_RET_ERRNO | data,
        LinuxSeccompAction::ScmpActKill | LinuxSeccompAction::ScmpActKillThread => {
            libc::SECCOMP_RET_KILL_THREAD
        }
        LinuxSeccompAction::ScmpActKillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        LinuxSeccompAction::ScmpActTrap => libc::SECCOMP_RET_TRAP,
        LinuxSeccompAction::ScmpActTrace => libc::SECCOMP_RET_TRACE | data,
        LinuxSeccompAction::ScmpActLog => libc::SECCOMP_RET_LOG,
        LinuxSeccompAction::ScmpActNotify => return Err(SeccompError::Notify),
    })
}
