//! Becoming the image's user, for good, and proving it.

use std::io;

use probe::{AttemptedAs, Failure, FailureKind};

use super::Job;
use crate::sys::{identity, parent};

/// Drops everything; what is told is read back from the kernel afterwards.
pub(crate) fn become_user(job: &Job) -> Result<AttemptedAs, Failure> {
    let (uid, gid) = (job.uid, job.gid);
    let cannot = |doing: &str| {
        let doing = format!("cannot {doing}");
        move |error: io::Error| Failure {
            kind: match error.raw_os_error() {
                Some(libc::EPERM) => FailureKind::Denied,
                Some(libc::EINVAL) => FailureKind::BadInput,
                _ => FailureKind::System,
            },
            what: format!("{doing}: {error}"),
            errno: error.raw_os_error(),
        }
    };
    identity::drop_bounding().map_err(cannot("empty the bounding set"))?;
    match identity::drop_groups() {
        // A user namespace with a single mapping denies it; what is left is told.
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {}
        other => other.map_err(cannot("drop supplementary groups"))?,
    }
    identity::set_group(gid).map_err(cannot(&format!("become group {gid} (is it mapped?)")))?;
    identity::set_user(uid).map_err(cannot(&format!("become user {uid} (is it mapped?)")))?;
    identity::drop_capabilities().map_err(cannot("drop capabilities"))?;
    identity::set_no_new_privs().map_err(cannot("set no_new_privs"))?;
    // A change of user makes the kernel forget both.
    identity::hide().map_err(cannot("hide"))?;
    parent::be_killed_with_parent().map_err(cannot("be tied to the parent"))?;
    let left = identity::capabilities_left().map_err(cannot("read capabilities"))?;
    let became = AttemptedAs {
        uids: identity::user_ids(),
        gids: identity::group_ids(),
        groups: identity::groups().map_err(cannot("read groups"))?,
        capabilities: left,
        no_new_privs: identity::no_new_privs(),
        seccomp: job.seccomp.clone(),
        entered: job.entered.clone(),
    };
    let dropped = became.uids == [uid; 3]
        && became.gids == [gid; 3]
        && became.capabilities == 0
        && became.no_new_privs;
    if !dropped {
        let what = format!("rights are left after dropping them: {became:?}");
        return Err(Failure::new(FailureKind::System, what));
    }
    Ok(became)
}
