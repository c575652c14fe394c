//! Becoming what the container's first process is, for good, and proving it.
//!
//! The image's user with the target's own groups and capabilities: an attempt with fewer rights
//! would call refused what the container itself can do.

use std::io;

use probe::{AttemptedAs, Failure, FailureKind};

use super::Job;
use crate::sys::identity::{self, CapabilitySets};
use crate::sys::parent;

/// Drops everything else; what is told is read back from the kernel afterwards.
pub(crate) fn become_user(job: &Job) -> Result<AttemptedAs, Failure> {
    let (uid, gid) = (job.uid, job.gid);
    let wanted = job.rights.capabilities;
    take_groups(&job.rights.groups)?;
    identity::set_group(gid).map_err(cannot(&format!("become group {gid} (is it mapped?)")))?;
    take_capabilities(wanted, uid)?;
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
        seccomp: job.rights.seccomp.clone(),
        entered: job.entered.clone(),
    };
    let all = wanted.effective | wanted.permitted | wanted.inheritable | wanted.bounding;
    let right = became.uids == [uid; 3]
        && became.gids == [gid; 3]
        && became.capabilities == all
        && became.no_new_privs;
    if !right {
        let what = format!("other rights than the container's are left: {became:?}");
        return Err(Failure::new(FailureKind::System, what));
    }
    Ok(became)
}

fn take_groups(groups: &[u32]) -> Result<(), Failure> {
    match identity::set_groups(groups) {
        // A user namespace with a single mapping denies it; what is left is told.
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()),
        other => other.map_err(cannot("take the container's groups")),
    }
}

/// Each step keeps what the next one needs: sets can only shrink once the user is another.
fn take_capabilities(wanted: probe::Capabilities, uid: u32) -> Result<(), Failure> {
    let own = identity::capabilities().map_err(cannot("read capabilities"))?;
    let inherited = CapabilitySets {
        inheritable: wanted.inheritable,
        ..own
    };
    identity::set_capabilities(inherited).map_err(cannot("take inheritable capabilities"))?;
    identity::drop_bounding(wanted.bounding).map_err(cannot("shrink the bounding set"))?;
    identity::keep_capabilities().map_err(cannot("keep capabilities"))?;
    identity::set_user(uid).map_err(cannot(&format!("become user {uid} (is it mapped?)")))?;
    let sets = CapabilitySets {
        effective: wanted.effective,
        permitted: wanted.permitted,
        inheritable: wanted.inheritable,
    };
    identity::set_capabilities(sets).map_err(cannot("take the container's capabilities"))?;
    identity::set_ambient(wanted.ambient).map_err(cannot("take ambient capabilities"))
}

fn cannot(doing: &str) -> impl Fn(io::Error) -> Failure {
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
}
