//! Looking at the image's bytes, then at the running container.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{
    ArmImage, Container, Exit, Inspection, Killed, LoadRequest, ObserveError, Observing,
    SessionError, SmokeReply, Stamper, Started,
};
use model::{Arm, Readiness, SmokeRequest};
use serde_json::Value;

use super::compare;
use super::findings::Findings;
use super::running::{self, Declared, Served, StoppedAs, candidates};
use super::statics::{self, Subject};

/// Kinds of observations.
pub(super) const STATIC: &str = "static";
pub(super) const FACTS: &str = "facts";
pub(super) const ATTEMPTS: &str = "attempts";
pub(super) const SERVED: &str = "served";
pub(super) const DRIFT: &str = "drift";
pub(super) const STOPPED: &str = "stopped";
pub(super) const DECLARED: &str = "declared";
pub(super) const ADMISSION: &str = "admission";

/// How often another container is started to see how it stops, where a platform did not say it.
const ENDS_AGAIN: u32 = 2;

/// Observes what the cell's checks need.
pub(super) async fn observe(observing: &Observing<'_>) -> Result<(), ObserveError> {
    let began = observing.clock.monotonic();
    let tree = look_at_bytes(observing)?;
    if observing.session.is_some() {
        look_at_container(observing, &tree).await?;
    }
    observing.span("trial", observing.clock.monotonic().since(began))
}

fn look_at_bytes(observing: &Observing<'_>) -> Result<rootfs::Tree, ObserveError> {
    let arm = observing.candidate;
    let fault = |error: String| ObserveError::Harness(format!("reading {}: {error}", arm.layout));
    let image = open(arm).map_err(|error| fault(error.to_string()))?;
    let cut = arm
        .listing
        .as_deref()
        .map(compare::listing)
        .transpose()
        .map_err(fault)?;
    let user = image
        .document
        .config
        .as_ref()
        .and_then(|config| config.user.clone());
    let user = user.unwrap_or_default();
    let subject = Subject {
        tree: &image.tree,
        cut: cut.as_ref(),
        user: &user,
        spec: &arm.spec,
    };
    let found: BTreeMap<&str, Findings> = statics::CHECKS
        .iter()
        .map(|(info, look)| (info.id, look(&subject)))
        .collect();
    observing.fact(STATIC, &found)?;
    Ok(image.tree)
}

/// Reads and verifies the whole image: every digest, every layer.
fn open(arm: &ArmImage) -> Result<image::OciImage, image::ImageError> {
    let reference: image::Reference = arm.layout.as_str().parse()?;
    image::OciImage::open(&reference, arm.facts.arch, &image::Limits::standard())
}

async fn look_at_container(
    observing: &Observing<'_>,
    tree: &rootfs::Tree,
) -> Result<(), ObserveError> {
    let spec = observing.candidate.spec.clone();
    observing.fact(
        DECLARED,
        &Declared {
            user: spec.config.user,
            writable: spec.writable.clone(),
            interpreters: spec.interpreters.clone(),
            stop_grace_ms: spec.config.stop_grace_ms,
        },
    )?;
    let within = Duration::from_millis(observing.profile.startup.ready_deadline_ms);
    let start = || observing.start(Arm::Candidate, Stamper::Absent, within);
    let Started::Ready(container) = start().await? else {
        return Ok(());
    };
    let looked = inspect(observing, container.as_ref(), tree).await;
    let stopped = container.stop().await;
    looked?;
    let mut told = stopped?;
    for _ in 0..ENDS_AGAIN {
        if told.is_some() {
            break;
        }
        let Started::Ready(container) = start().await? else {
            return Ok(());
        };
        told = container.stop().await?;
    }
    let stopped = told.ok_or_else(untold)?;
    observing.fact(
        STOPPED,
        &StoppedAs {
            status: match stopped.exit {
                Exit::Code(code) => code,
                Exit::Signal(signal) => -signal,
            },
            took_ms: u64::try_from(stopped.took.as_millis()).unwrap_or(u64::MAX),
            killed: stopped.killed == Killed::Yes,
        },
    )
}

/// The platform never said how a container ended.
fn untold() -> SessionError {
    let times = ENDS_AGAIN + 1;
    let why = format!("the platform removed it and did not say how it ended, {times} times");
    SessionError::environment("see the end of a container that was asked to stop", why)
}

/// Everything seen of one running container, in an order in which nothing disturbs what follows:
/// reading first, then load, then the attempts, which make and remove files.
async fn inspect(
    observing: &Observing<'_>,
    container: &dyn Container,
    tree: &rootfs::Tree,
) -> Result<(), ObserveError> {
    let planned = &observing.cell.checks;
    if planned
        .iter()
        .any(|check| super::is_of_clusters(check.id.as_str()))
    {
        let admission = container.inspect(&Inspection::Admission).await?;
        observing.fact(ADMISSION, &admission)?;
    }
    if !super::is_looked_into(observing.cell) {
        return Ok(());
    }
    let facts = container.inspect(&Inspection::Facts).await?;
    observing.fact(FACTS, &facts)?;
    let before = container.inspect(&Inspection::Hash).await?;
    let served = serve(observing, container).await?;
    observing.fact(SERVED, &served)?;
    let after = container.inspect(&Inspection::Hash).await?;
    let ids = match observing.session()?.facts().cannot_measure.get("ownership") {
        Some(why) => compare::Ids::Unknown(why.clone()),
        None => compare::Ids::Known,
    };
    let declared = &observing.candidate.spec.writable;
    let drift = compare::drift((&before, &after), tree, declared, ids);
    let drift = drift.map_err(ObserveError::Harness)?;
    observing.fact(DRIFT, &drift)?;
    let request = attempts(&observing.candidate.spec.interpreters)
        .map_err(|error| ObserveError::Harness(error.to_string()))?;
    let attempts = container.inspect(&Inspection::Attempts(request)).await?;
    observing.fact(ATTEMPTS, &attempts)
}

fn attempts(declared: &[String]) -> serde_json::Result<Value> {
    let mut execute = candidates::shells();
    execute.extend(candidates::interpreters(declared));
    serde_json::to_value(probe::AttemptRequest {
        through_loader: execute.clone(),
        execute,
        loaders: Vec::new(),
        walk: true,
        deadline_ms: 30_000,
        max_entries: 300_000,
    })
}

/// Sends the smoke requests, puts load on, sends them again.
async fn serve(
    observing: &Observing<'_>,
    container: &dyn Container,
) -> Result<running::Served, ObserveError> {
    let spec = &observing.candidate.spec;
    let mut served = Served {
        requests: 0,
        wrong: Vec::new(),
        load_ok: 0,
        load_failed: 0,
    };
    smoke(container, &spec.smoke, &mut served).await?;
    let loaded = spec
        .smoke
        .first()
        .cloned()
        .or_else(|| as_request(&spec.readiness));
    if let Some(request) = loaded {
        let plan = &observing.profile.immutability;
        let load = LoadRequest {
            request,
            connections: plan.load_connections,
            duration: Duration::from_millis(plan.load_ms),
        };
        let document = container.load(&load).await?;
        let done: probe::Loaded = serde_json::from_value(document)
            .map_err(|error| ObserveError::Harness(format!("the prober's load: {error}")))?;
        served.load_ok = done.ok;
        served.load_failed = done.failed;
        served
            .wrong
            .extend(done.first_failure.map(|why| format!("under load: {why}")));
    }
    smoke(container, &spec.smoke, &mut served).await?;
    Ok(served)
}

async fn smoke(
    container: &dyn Container,
    requests: &[SmokeRequest],
    served: &mut Served,
) -> Result<(), ObserveError> {
    for request in requests {
        served.requests += 1;
        if let SmokeReply::Wrong(why) = container.request(request).await? {
            served.wrong.push(format!("{request:?}: {why}"));
        }
    }
    Ok(())
}

/// The readiness question as a request, where it is one.
fn as_request(readiness: &Readiness) -> Option<SmokeRequest> {
    match readiness {
        Readiness::Http(http) => Some(SmokeRequest::Http(http.clone())),
        Readiness::Exchange(exchange) => Some(SmokeRequest::Exchange(exchange.clone())),
        Readiness::Tcp { .. }
        | Readiness::Exposed
        | Readiness::Log { .. }
        | Readiness::Exit { .. } => None,
    }
}
