//! Starting one container: everything that can be made ready beforehand is, then the clock runs.

use std::process::Stdio;
use std::time::Duration;

use camino::Utf8PathBuf;
use engine::clock::MonotonicNs;
use engine::{Container, Exit, Residue, SessionError, StartError, StartRequest, StartStamps};
use model::Readiness;
use tokio::sync::Mutex;

use super::beside::Beside;
use super::bundle::Bundle;
use super::command;
use super::container::{self, OciContainer};
use super::members::Members;
use super::session::{OciSession, Tree};
use super::view::{View, Written};
use super::waiting::Adopted;
use super::{Kind, Privilege};
use crate::prober;
use crate::unready::Unready;

/// Where a container's things lie.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) folder: Utf8PathBuf,
    pub(crate) cgroup: String,
}

impl Place {
    pub(crate) fn of(session: &OciSession, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            folder: session.scratch.join("run").join(name),
            cgroup: format!("{}/{name}", session.cgroup),
        }
    }

    /// Where the runtime writes the system call filter that it installs, for a caller to whom the
    /// kernel does not show it.
    fn filter(&self, session: &OciSession) -> Option<Utf8PathBuf> {
        let needed = session.runtime.kind == Kind::Embedded && session.privilege != Privilege::Root;
        needed.then(|| self.folder.join("seccomp"))
    }
}

/// What is made before the clock runs.
struct Prepared {
    view: View,
    beside: Beside,
}

/// Starts a container and waits until it is ready.
#[allow(clippy::too_many_lines, reason = "one story: prepare, launch, await")]
pub(crate) async fn start(
    session: &OciSession,
    place: &Place,
    tree: &Tree,
    request: &StartRequest,
) -> Result<Box<dyn Container>, StartError> {
    let attempted = format!("start container {}", place.name);
    let fault = |why: String| SessionError::environment(&attempted, why);
    let mut prepared = prepare(session, place, tree, request)
        .await
        .map_err(fault)?;
    let readiness = &tree.delivered.recipe.readiness;
    if let Some(question) = prober::readiness(readiness) {
        prepared
            .beside
            .prober
            .poll(question, request.ready_within)
            .await
            .map_err(fault)?;
    }
    session.alive.note(&place.name, None);
    let requested = session.clock.monotonic();
    let launched = launch(session, place, tree.delivered.recipe.config.user).await;
    let started = session.clock.monotonic();
    let init = match launched {
        Ok(init) => init,
        Err(why) => {
            let said = container::last_output(&place.folder);
            abandon(session, place, prepared).await;
            let why = if said.is_empty() {
                why
            } else {
                format!("{why}; it said: {said}")
            };
            return Err(fault(why).into());
        }
    };
    let members = match session.privilege {
        Privilege::Root => Members::Group {
            cgroups: session.cgroups.clone(),
            path: place.cgroup.clone(),
        },
        Privilege::Normal { .. } => Members::Namespace { init: init.pid },
    };
    session.alive.note(&place.name, Some(members.clone()));
    let ready = await_ready(
        session,
        place,
        readiness,
        request.ready_within,
        &init,
        &mut prepared,
    )
    .await;
    let stamps = StartStamps {
        requested,
        started,
        first_instruction: container::stamp(&place.folder),
        ready: *ready.as_ref().unwrap_or(&started),
    };
    let container = OciContainer {
        name: place.name.clone(),
        runtime: session.runtime.clone(),
        state: session.state.clone(),
        folder: place.folder.clone(),
        view: prepared.view,
        probe: session.libexec.probe.clone(),
        members,
        filter: place.filter(session),
        config: tree.delivered.recipe.config.clone(),
        init,
        beside: Mutex::new(prepared.beside),
        clock: session.clock,
        stamps,
        alive: session.alive.clone(),
    };
    match ready {
        Ok(_) => Ok(Box::new(container)),
        Err(why) => Err(give_up(session, container, request, why).await),
    }
}

/// Ends a container that did not become ready, and says whose doing it was.
async fn give_up(
    session: &OciSession,
    container: OciContainer,
    request: &StartRequest,
    why: Unready,
) -> StartError {
    let output = container::last_output(&container.folder);
    let _ = container.init.signal(rustix::process::Signal::KILL);
    let _ = container.init.ended().await;
    if let Err(error) = container.remove().await {
        return error.into();
    }
    why.told(request, &session.request.stop, output, Residue::Nothing)
}

async fn prepare(
    session: &OciSession,
    place: &Place,
    tree: &Tree,
    request: &StartRequest,
) -> Result<Prepared, String> {
    fs_err::create_dir_all(&place.folder).map_err(|error| error.to_string())?;
    let view = View::make(
        &session.runtime,
        &session.privilege,
        &tree.laid.folder,
        &place.folder.join("view"),
        Written::Lost,
    )
    .map_err(|error| format!("its root: {error}"))?;
    let user = tree.delivered.recipe.config.user;
    let beside = match Beside::start(&session.libexec.probe, &session.privilege, user).await {
        Ok(beside) => beside,
        Err(why) => {
            let _ = view.remove();
            return Err(why);
        }
    };
    let bundle = Bundle {
        view: &view,
        privilege: &session.privilege,
        recipe: &tree.delivered.recipe,
        stamper: request.stamper,
        probe: &session.libexec.probe,
        cgroup: place.cgroup.clone(),
        network_of: beside.prober.up.pid,
        hostname: &place.name,
    };
    let config = bundle.config().to_string();
    let written = fs_err::write(place.folder.join("config.json"), config);
    let prepared = Prepared { view, beside };
    match written {
        Ok(()) => Ok(prepared),
        Err(error) => {
            let _ = prepared.beside.quit().await;
            let _ = prepared.view.remove();
            Err(error.to_string())
        }
    }
}

/// The file that takes what the container writes. It belongs to the container's user, as runtimes
/// make it: programs open it again as /dev/stdout. Appending, since both descriptors share it.
fn output(place: &Place, user: model::UserId) -> std::io::Result<std::fs::File> {
    let path = place.folder.join("output");
    let file = fs_err::OpenOptions::new()
        .append(true)
        .create_new(true)
        .open(&path)?;
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::fchown(&file, Some(user.uid), Some(user.gid))?;
    }
    Ok(file.into_parts().0)
}

/// `create`, then `start`; takes hold of the container's first process in between.
async fn launch(
    session: &OciSession,
    place: &Place,
    user: model::UserId,
) -> Result<Adopted, String> {
    let output = output(place, user).map_err(|error| format!("its output: {error}"))?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let pid_file = place.folder.join("pid");
    let log = place.folder.join("runtime.log");
    let mut create = session.runtime.call();
    create
        .arg("--root")
        .arg(&session.state)
        .arg("--log")
        .arg(&log)
        .arg("create")
        .arg("--bundle")
        .arg(&place.folder)
        .arg("--pid-file")
        .arg(&pid_file);
    if let Some(filter) = place.filter(session) {
        create.arg("--seccomp-program").arg(filter);
    }
    create
        .arg(&place.name)
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors));
    let status = create
        .status()
        .await
        .map_err(|error| format!("create: {error}"))?;
    if !status.success() {
        let said = fs_err::read_to_string(&log).unwrap_or_default();
        return Err(format!("create: {status}: {}", said.trim()));
    }
    let pid = fs_err::read_to_string(&pid_file).map_err(|error| error.to_string())?;
    let pid = pid
        .trim()
        .parse()
        .map_err(|_| format!("create wrote no pid: {pid:?}"))?;
    let init = Adopted::hold(pid)?;
    let mut start = session.runtime.call();
    start
        .arg("--root")
        .arg(&session.state)
        .arg("--log")
        .arg(&log)
        .arg("start")
        .arg(&place.name);
    command::run(&mut start)
        .await
        .map_err(|why| format!("start: {why}"))?;
    Ok(init)
}

async fn await_ready(
    session: &OciSession,
    place: &Place,
    readiness: &Readiness,
    within: Duration,
    init: &Adopted,
    prepared: &mut Prepared,
) -> Result<MonotonicNs, Unready> {
    let stop = session.request.stop.clone();
    tokio::select! {
        found = readiness_reached(session, place, readiness, within, init, prepared) => found,
        () = stop.cancelled() => Err(Unready::ours("interrupted")),
    }
}

/// Waits for what the image declares, within the limit.
async fn readiness_reached(
    session: &OciSession,
    place: &Place,
    readiness: &Readiness,
    within: Duration,
    init: &Adopted,
    prepared: &mut Prepared,
) -> Result<MonotonicNs, Unready> {
    let limit = || Unready::Image(format!("not ready within {} ms", within.as_millis()));
    match readiness {
        Readiness::Exit { code } => {
            let ended = tokio::time::timeout(within, init.ended())
                .await
                .map_err(|_| limit())?;
            let at = session.clock.monotonic();
            match ended.map_err(Unready::ours)? {
                Exit::Code(found) if found == *code => Ok(at),
                other => Err(Unready::Image(format!(
                    "it ended: {other:?}, wanted status {code}"
                ))),
            }
        }
        Readiness::Log { contains } => line(session, place, contains, within, init)
            .await
            .map_err(Unready::Image),
        Readiness::Exposed => Err(Unready::ours("nobody looked which port the image exposes")),
        Readiness::Http(_) | Readiness::Tcp { .. } | Readiness::Exchange(_) => {
            tokio::select! {
                polled = prepared.beside.prober.polled() => {
                    let polled = polled.map_err(Unready::ours)?;
                    polled.ready_ns.map(MonotonicNs).ok_or_else(|| {
                        let last = polled.last_error.unwrap_or_default();
                        Unready::Image(format!(
                            "no correct answer within {} ms and {} polls; last: {last}",
                            within.as_millis(), polled.polls
                        ))
                    })
                }
                ended = init.ended() => {
                    let _ = prepared.beside.prober.cancel().await;
                    Err(Unready::Image(match ended {
                        Ok(exit) => format!("it ended before it was ready: {exit:?}"),
                        Err(why) => why,
                    }))
                }
            }
        }
    }
}

/// Polls the output for a text, every millisecond.
async fn line(
    session: &OciSession,
    place: &Place,
    contains: &str,
    within: Duration,
    init: &Adopted,
) -> Result<MonotonicNs, String> {
    use engine::wait::{Deadline, Poll, until};
    let deadline = Deadline::after(session.clock, within);
    let output = place.folder.join("output");
    until(
        session.clock,
        &format!("a line of output with `{contains}`"),
        Duration::from_millis(1),
        deadline,
        || {
            let text = fs_err::read(&output).unwrap_or_default();
            let found = String::from_utf8_lossy(&text).contains(contains);
            match (found, init.collect()) {
                (true, _) => Poll::Ready(session.clock.monotonic()),
                (false, Ok(Some(exit))) => Poll::Failed(format!("it ended: {exit:?}")),
                (false, _) => Poll::NotYet("not written yet".to_owned()),
            }
        },
    )
    .await
    .map_err(|error| error.to_string())
}

/// Removes what was made for a container that the runtime refused.
async fn abandon(session: &OciSession, place: &Place, prepared: Prepared) {
    let _ = container::delete(&session.runtime, &session.state, &place.name).await;
    let _ = prepared.beside.quit().await;
    let _ = prepared.view.remove();
    let _ = fs_err::remove_dir_all(&place.folder);
    session.alive.forget(&place.name);
}
