//! Starting one container at a daemon: it and the holder of its network are made beforehand, then
//! the clock runs.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{LogsOptionsBuilder, WaitContainerOptionsBuilder};
use engine::clock::MonotonicNs;
use engine::{Blame, Container, Residue, SessionError, StartError, StartRequest, StartStamps};
use futures::StreamExt;
use model::Readiness;
use tokio::sync::Mutex;

use super::container::{DaemonContainer, exit};
use super::holder::{self, Holder};
use super::images::{self, told};
use super::inspecting::inspect;
use super::session::{DaemonSession, Image};
use super::wanted;
use crate::prober;
use crate::runtime::members::Members;
use crate::unready::Unready;

/// Starts a container and waits until it is ready.
pub(super) async fn start(
    session: &DaemonSession,
    request: &StartRequest,
) -> Result<Box<dyn Container>, StartError> {
    let attempted = format!("start container {}", request.name);
    let fault = |why: String| SessionError::environment(&attempted, why);
    let image = session
        .image(&request.image)
        .await
        .ok_or_else(|| fault("its image was not delivered".to_owned()).blamed_on(Blame::Harness))?;
    let client = &session.connection.client;
    let (mut holder, id) = prepare(session, request, &image).await.map_err(fault)?;
    session.alive.note(&request.name, None);
    let requested = session.clock.monotonic();
    let launched = client.start_container(&id, None).await;
    let started = session.clock.monotonic();
    let entered = match launched {
        Ok(()) => enter(session, &id).await,
        Err(error) => Err(told(error)),
    };
    let pid = match entered {
        Ok(pid) => pid,
        Err(why) => {
            let said = output(client, &id).await;
            abandon(session, request, &id, &holder.id).await;
            let said = if said.is_empty() {
                said
            } else {
                format!("; it said: {said}")
            };
            return Err(fault(format!("{why}{said}")).into());
        }
    };
    let group = pid.and_then(|pid| session.cgroups.path_of(pid));
    let members = group.map(|path| Members::Group {
        cgroups: session.cgroups.clone(),
        path,
    });
    session.alive.note(&request.name, members.clone());
    let readiness = &image.delivered.recipe.readiness;
    let ready = await_ready(session, request, readiness, &id, &mut holder).await;
    let container = DaemonContainer {
        name: request.name.clone(),
        client: client.clone(),
        id,
        pid,
        holder: Mutex::new(holder),
        probe: session.libexec.probe.clone(),
        members,
        config: image.delivered.recipe.config.clone(),
        clock: session.clock,
        alive: session.alive.clone(),
        stamps: StartStamps {
            requested,
            started,
            first_instruction: stamp(client, &session.names.container(&request.name)).await,
            ready: *ready.as_ref().unwrap_or(&started),
        },
    };
    match ready {
        Ok(_) => Ok(Box::new(container)),
        Err(why) => Err(give_up(session, container, request, why).await),
    }
}

/// The holder of the network, asked its question, and the container, created.
async fn prepare(
    session: &DaemonSession,
    request: &StartRequest,
    image: &Image,
) -> Result<(Holder, String), String> {
    let client = &session.connection.client;
    let (names, name) = (&session.names, request.name.as_str());
    let parent = session.parent("holders");
    let mut holder = holder::start(client, names, name, &session.probe.id, parent).await?;
    let recipe = &image.delivered.recipe;
    let parent = session.parent("subjects");
    let body = wanted::subject(
        &session.ways,
        names,
        &image.held.id,
        recipe,
        request.stamper,
        &holder.id,
        parent,
    );
    let made = async {
        let id = images::create(client, name, names, body).await?;
        if let Some(question) = prober::readiness(&recipe.readiness) {
            holder.prober.poll(question, request.ready_within).await?;
        }
        Ok(id)
    };
    match made.await {
        Ok(id) => Ok((holder, id)),
        Err(why) => {
            let _ = holder::remove(client, &names.container(name)).await;
            let _ = holder::remove(client, &holder.id).await;
            Err(why)
        }
    }
}

/// The process id on the host; nothing when it has ended already, which awaiting it explains.
async fn enter(session: &DaemonSession, id: &str) -> Result<Option<u32>, String> {
    let client = &session.connection.client;
    let found = inspect(client, id).await.map_err(told)?;
    let pid = found.state.and_then(|state| state.pid).unwrap_or(0);
    Ok(u32::try_from(pid).ok().filter(|pid| *pid > 0))
}

async fn await_ready(
    session: &DaemonSession,
    request: &StartRequest,
    readiness: &Readiness,
    id: &str,
    holder: &mut Holder,
) -> Result<MonotonicNs, Unready> {
    let stop = session.request.stop.clone();
    let within = request.ready_within;
    tokio::select! {
        found = reached(session, readiness, within, id, holder) => found,
        () = stop.cancelled() => Err(Unready::ours("interrupted")),
    }
}

async fn reached(
    session: &DaemonSession,
    readiness: &Readiness,
    within: Duration,
    id: &str,
    holder: &mut Holder,
) -> Result<MonotonicNs, Unready> {
    let client = &session.connection.client;
    let late = || Unready::Image(format!("not ready within {} ms", within.as_millis()));
    match readiness {
        Readiness::Exit { code } => {
            let ended = ended(client, id, within).await.map_err(Unready::ours)?;
            let at = session.clock.monotonic();
            match ended.ok_or_else(late)? {
                found if found == i64::from(*code) => Ok(at),
                found => Err(Unready::Image(format!(
                    "it ended with status {found}, wanted {code}"
                ))),
            }
        }
        Readiness::Log { contains } => {
            let line = line(session, id, contains);
            let found = tokio::time::timeout(within, line).await;
            found.map_err(|_| late())?.map_err(Unready::Image)
        }
        Readiness::Exposed => Err(Unready::ours("nobody looked which port the image exposes")),
        Readiness::Http(_) | Readiness::Tcp { .. } | Readiness::Exchange(_) => {
            tokio::select! {
                polled = holder.prober.polled() => {
                    let polled = polled.map_err(Unready::ours)?;
                    polled.ready_ns.map(MonotonicNs).ok_or_else(|| {
                        let last = polled.last_error.unwrap_or_default();
                        Unready::Image(format!(
                            "no correct answer within {} ms and {} polls; last: {last}",
                            within.as_millis(), polled.polls
                        ))
                    })
                }
                ended = ended(client, id, within) => Err(match ended {
                    Ok(Some(status)) => {
                        Unready::Image(format!("it ended before it was ready: {:?}", exit(status)))
                    }
                    Ok(None) => late(),
                    Err(why) => Unready::ours(why),
                })
            }
        }
    }
}

/// Waits for a line of output that contains a text.
async fn line(session: &DaemonSession, id: &str, contains: &str) -> Result<MonotonicNs, String> {
    let options = LogsOptionsBuilder::new()
        .follow(true)
        .stdout(true)
        .stderr(true)
        .build();
    let mut lines = session.connection.client.logs(id, Some(options));
    let mut text = String::new();
    while let Some(piece) = lines.next().await {
        text.push_str(&piece.map_err(told)?.to_string());
        if text.contains(contains) {
            return Ok(session.clock.monotonic());
        }
    }
    Err(format!("it ended, and never wrote `{contains}`"))
}

/// Waits until a container has ended; its status, or nothing in time.
pub(super) async fn ended(
    client: &Docker,
    id: &str,
    within: Duration,
) -> Result<Option<i64>, String> {
    let options = WaitContainerOptionsBuilder::new()
        .condition("not-running")
        .build();
    let mut waiting = client.wait_container(id, Some(options));
    match tokio::time::timeout(within, waiting.next()).await {
        Err(_) => Ok(None),
        Ok(Some(Ok(said))) => Ok(Some(said.status_code)),
        Ok(Some(Err(Error::DockerContainerWaitError { code, .. }))) => Ok(Some(code)),
        Ok(Some(Err(error))) => Err(told(error)),
        Ok(None) => Err("the daemon ended the wait and said nothing".to_owned()),
    }
}

/// All it wrote so far.
async fn written(client: &Docker, id: &str) -> String {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
    let mut pieces = client.logs(id, Some(options));
    let mut text = String::new();
    while let Some(Ok(piece)) = pieces.next().await {
        text.push_str(&piece.to_string());
    }
    text
}

/// The last lines it wrote, without the stamper's.
pub(super) async fn output(client: &Docker, id: &str) -> String {
    const LAST_LINES: usize = 40;
    let text = written(client, id).await;
    let own: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(probe::Stamp::PREFIX))
        .collect();
    own[own.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// The stamper's line, if it was written.
async fn stamp(client: &Docker, id: &str) -> Option<MonotonicNs> {
    let text = written(client, id).await;
    let stamp = text.lines().find_map(probe::Stamp::from_line)?;
    Some(MonotonicNs(stamp.monotonic_ns))
}

/// Ends a container that did not become ready, and says whose doing it was.
async fn give_up(
    session: &DaemonSession,
    container: DaemonContainer,
    request: &StartRequest,
    why: Unready,
) -> StartError {
    let output = output(&container.client, &container.id).await;
    if let Err(error) = Box::new(container).kill().await {
        return error.into();
    }
    why.told(request, &session.request.stop, output, Residue::Nothing)
}

/// Removes what was made for a container that did not start.
async fn abandon(session: &DaemonSession, request: &StartRequest, id: &str, holder: &str) {
    let client = &session.connection.client;
    let _ = holder::remove(client, id).await;
    let _ = holder::remove(client, holder).await;
    session.alive.forget(&request.name);
}
