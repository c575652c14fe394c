//! `probe attempts`: what the image's user can really do in a running container.
//!
//! The container is entered (all namespaces, its root), everything is listed with full sight, then
//! all rights but the container's own and the way back are dropped and each thing is tried. Nothing
//! that exists is changed; what is made is removed.

mod calls;
mod dirs;
mod drop;
mod exec;
mod fork;
mod payload;
mod rights;
mod walk;
mod worker;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;

use probe::{AttemptRequest, Attempts, Failure, FailureKind, Mount};
use serde::{Deserialize, Serialize};

use crate::facts;
use crate::sys::child::{self, End};
use crate::sys::files::{self, Event};
use crate::sys::{clock, identity, parent};
use crate::target::{Doors, Pinned, Sight, failure};
use rights::Rights;

/// Longest request.
const REQUEST_MAX: u64 = 4 << 20;
const PATHS_MAX: usize = 4096;
/// How long after the deadline, at which the worker stops by itself, it is killed.
const GRACE_NS: u64 = 10_000_000_000;

/// All that the worker needs once it is inside and the outside is out of sight.
struct Job {
    request: AttemptRequest,
    uid: u32,
    gid: u32,
    until_ns: u64,
    began_ns: u64,
    mounts: Vec<Mount>,
    rights: Rights,
    entered: Vec<String>,
    payload: Vec<u8>,
    null: File,
}

/// What the worker writes into its pipe.
#[derive(Serialize, Deserialize)]
enum Outcome {
    Done(Box<Attempts>),
    Failed(Failure),
}

/// Tries everything in the container of `pid` as `uid` and `gid` (as the container numbers them).
/// `filter` names a file with the system call filter that its runtime installed.
pub(crate) fn attempts(
    request: AttemptRequest,
    pid: u32,
    (uid, gid): (u32, u32),
    filter: Option<&str>,
) -> Result<Attempts, Failure> {
    let began_ns = clock::monotonic_ns();
    // The kernel reads it as "leave it as it is".
    if uid == u32::MAX || gid == u32::MAX {
        let what = format!("{} is no user or group", u32::MAX);
        return Err(Failure::new(FailureKind::BadInput, what));
    }
    let cannot = |doing: &str| {
        let doing = doing.to_owned();
        move |error: io::Error| failure(&doing, pid, &error)
    };
    let target = Pinned::target(pid)?;
    let mounts = target
        .text("mountinfo")
        .map_err(cannot("read the mounts of"))?;
    let mounts = facts::mounts(&mounts)
        .map_err(|why| Failure::new(FailureKind::System, format!("cannot read mounts: {why}")))?;
    let given = filter.map(rights::given).transpose()?;
    let rights = Rights::of(&target, given.flatten())?;
    let payload = payload::payload().map_err(cannot("prepare a program for"))?;
    let null = File::options().read(true).write(true).open("/dev/null");
    let null = null.map_err(cannot("prepare streams for"))?;
    parent::die_with_parent().map_err(cannot("watch the parent beside"))?;
    let doors = Doors::open(&target, Sight::Everything)?;
    identity::hide().map_err(cannot("hide from"))?;
    let entered = doors.enter()?.namespaces;
    let until_ns = began_ns.saturating_add(request.deadline_ms.saturating_mul(1_000_000));
    let job = Job {
        request,
        uid,
        gid,
        until_ns,
        began_ns,
        mounts,
        rights,
        entered,
        payload,
        null,
    };
    let outcome = in_worker(job, &target)?;
    target.assert_alive()?;
    match outcome {
        Outcome::Done(attempts) => Ok(*attempts),
        Outcome::Failed(failure) => Err(failure),
    }
}

/// Forks the worker, which is the first to be in the pid namespace, and reads its outcome.
fn in_worker(job: Job, target: &Pinned) -> Result<Outcome, Failure> {
    let pid = target.pid();
    let cannot = |error: io::Error| failure("fork into", pid, &error);
    let until_ns = job.until_ns.saturating_add(GRACE_NS);
    let (mut reader, mut writer) = files::pipe().map_err(cannot)?;
    let worker = child::fork(|| {
        let outcome =
            worker::work(job).map_or_else(Outcome::Failed, |one| Outcome::Done(Box::new(one)));
        let bytes = serde_json::to_vec(&outcome).unwrap_or_default();
        i32::from(writer.write_all(&bytes).is_err())
    })
    .map_err(cannot)?;
    // Only the worker's end is left, so its death ends the reading. (The closure took the writer
    // by reference: it is dropped here.)
    drop(writer);
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 16 << 10];
        match files::wait(&[(reader.as_fd(), Event::Readable)], Some(until_ns)).map_err(cannot)? {
            None => {
                let what = "the attempts did not stop at their deadline and were killed; a file \
                            `.certify-attempt-*` may be left in the container";
                return Err(Failure::new(FailureKind::Limit, what));
            }
            Some(_) => match reader.read(&mut chunk).map_err(cannot)? {
                0 => break,
                got => bytes.extend_from_slice(&chunk[..got]),
            },
        }
    }
    match worker.wait().map_err(cannot)? {
        End::Status(0) => serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(
                FailureKind::System,
                format!("the worker's answer is cut off: {error}"),
            )
        }),
        // With the first task of a pid namespace all others are killed.
        End::Signal(libc::SIGKILL) => {
            let what = format!("pid {pid} ended during the attempts, or they were killed");
            Err(Failure::new(FailureKind::TargetGone, what))
        }
        other => {
            let what = format!("the worker ended with {other:?}");
            Err(Failure::new(FailureKind::System, what))
        }
    }
}

/// What is to be tried: `given`, else what standard input says.
pub(crate) fn request(given: Option<&str>) -> Result<AttemptRequest, Failure> {
    let bad = |what: String| Failure::new(FailureKind::BadInput, what);
    if let Some(text) = given {
        return checked(text).map_err(bad);
    }
    let mut text = String::new();
    let read = io::stdin()
        .lock()
        .take(REQUEST_MAX + 1)
        .read_to_string(&mut text);
    read.map_err(|error| bad(format!("cannot read the request: {error}")))?;
    if text.len() as u64 > REQUEST_MAX {
        return Err(bad(format!(
            "the request is longer than {REQUEST_MAX} bytes"
        )));
    }
    checked(&text).map_err(bad)
}

fn checked(text: &str) -> Result<AttemptRequest, String> {
    let request: AttemptRequest =
        serde_json::from_str(text).map_err(|error| format!("not a request: {error}"))?;
    for paths in [&request.execute, &request.through_loader, &request.loaders] {
        if paths.len() > PATHS_MAX {
            return Err(format!("more than {PATHS_MAX} paths"));
        }
        let odd = |path: &&String| !path.starts_with('/') || path.contains('\0');
        if let Some(path) = paths.iter().find(odd) {
            return Err(format!("`{path}` is no absolute path"));
        }
    }
    if !(1..=600_000).contains(&request.deadline_ms) {
        return Err(format!(
            "`deadline_ms` is {}, not within 1 to 600000",
            request.deadline_ms
        ));
    }
    if !(1..=2_000_000).contains(&request.max_entries) {
        return Err(format!(
            "`max_entries` is {}, not within 1 to 2000000",
            request.max_entries
        ));
    }
    Ok(request)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::{PATHS_MAX, checked};

    #[test]
    fn requests_are_bounded() {
        let good = checked("{\"execute\":[\"/bin/sh\"],\"walk\":true}").expect("a request");
        assert_eq!((good.deadline_ms, good.max_entries), (30_000, 300_000));
        let many = format!(
            "{{\"execute\":[{}\"/x\"],\"walk\":true}}",
            "\"/x\",".repeat(PATHS_MAX)
        );
        for bad in [
            "",
            "{}",
            "{\"execute\":[],\"walk\":1}",
            "{\"execute\":[\"sh\"],\"walk\":false}",
            "{\"execute\":[\"/a\\u0000b\"],\"walk\":false}",
            "{\"execute\":[],\"walk\":false,\"through_loader\":[\"x\"]}",
            "{\"execute\":[],\"walk\":false,\"deadline_ms\":0}",
            "{\"execute\":[],\"walk\":false,\"deadline_ms\":600001}",
            "{\"execute\":[],\"walk\":false,\"max_entries\":2000001}",
            "{\"execute\":[],\"walk\":false,\"other\":1}",
            &many,
        ] {
            assert!(checked(bad).is_err(), "{}", &bad[..bad.len().min(80)]);
        }
    }
}
