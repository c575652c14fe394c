//! Starting one pod, and waiting until its application answers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::clock::MonotonicNs;
use engine::wait::{Deadline, Poll};
use engine::{
    Blame, Container, Residue, SessionError, Stamper, StartError, StartRequest, StartStamps,
};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use model::Readiness;
use probe::{Command, Poll as ProbePoll, Polled, Question, Reply};

use super::call::{self, CallError, Kind};
use super::container::PodContainer;
use super::names::{PROBER, SUBJECT};
use super::pace::pace;
use super::pods::Waited;
use super::session::{Image, PodSession};
use super::state::{self, Start};
use super::wanted;
use crate::prober;
use crate::unready::Unready;

impl From<CallError> for Unready {
    fn from(error: CallError) -> Self {
        let remedy = error.remedy();
        Self::Ours(error.to_string(), remedy)
    }
}

/// Starts a pod and waits until its application is ready.
pub(crate) async fn start(
    session: &PodSession,
    request: &StartRequest,
) -> Result<Box<dyn Container>, StartError> {
    let attempted = format!("start pod {}", request.name);
    let image = session.delivered(&attempted, &request.image).await?;
    if request.stamper == Stamper::InFront {
        let why = "a cluster is too busy with a pod's start to time it: it is timed in turn";
        let error = SessionError::environment(attempted, why);
        return Err(error.blamed_on(Blame::Harness).into());
    }
    // In a namespace that others use as well, every name carries the run's id.
    let request = &StartRequest {
        name: session.pod_name(&request.name),
        ..request.clone()
    };
    session.alive.note(&request.name);
    let stop = session.request.stop.clone();
    let ready = tokio::select! {
        ready = reach(session, request, &image) => ready,
        () = stop.cancelled() => Err(Unready::ours("interrupted")),
    };
    let container = PodContainer::of(session, request, &image);
    match ready {
        Ok(stamps) => Ok(Box::new(PodContainer {
            stamps,
            ..container
        })),
        Err(why) => Err(give_up(session, container, request, why).await),
    }
}

/// What says that an image is ready, where a prober can see it.
pub(super) fn question(readiness: &Readiness) -> Result<Question, Unready> {
    let question = match readiness {
        Readiness::Http(_) | Readiness::Tcp { .. } | Readiness::Exchange(_) => {
            prober::readiness(readiness)
        }
        Readiness::Exposed | Readiness::Exit { .. } | Readiness::Log { .. } => None,
    };
    question.ok_or_else(|| {
        Unready::ours(
            "a cluster tells the end of a program in whole seconds and its output after it: only \
             readiness that a prober sees is known here",
        )
    })
}

/// Creates the pod, awaits readiness, and reads when what happened.
async fn reach(
    session: &PodSession,
    request: &StartRequest,
    image: &Image,
) -> Result<StartStamps, Unready> {
    let recipe = &image.delivered.recipe;
    let question = question(&recipe.readiness)?;
    let name = request.name.as_str();
    let first = serde_json::to_string(&poll(question, request)).map_err(Unready::ours)?;
    let pod = wanted::subject(&session.ground, name, &image.reference, recipe, &first);
    create(session, &pod.map_err(Unready::ours)?).await?;
    placed(session, name, &[SUBJECT]).await?;
    let polled = polled(session, request).await?;
    identified(session, name, SUBJECT, image).await?;
    let at = |ns| MonotonicNs(ns);
    Ok(StartStamps {
        requested: at(polled.began_ns),
        started: at(polled.began_ns),
        first_instruction: None,
        ready: at(polled.ready_ns.unwrap_or_default()),
    })
}

fn poll(question: Question, request: &StartRequest) -> Command {
    Command::Poll(ProbePoll {
        question,
        interval_us: 1000,
        deadline_ms: millis(pace().lead + request.ready_within),
    })
}

/// Creates the pod. That it is created at all is the cluster's own policy saying yes.
pub(super) async fn create(session: &PodSession, pod: &Pod) -> Result<Pod, Unready> {
    let created = call::create(session.clock, "create the pod", &session.api, pod);
    match created.await {
        Ok(pod) => Ok(pod),
        Err(error)
            if error.kind == Kind::Forbidden && error.why.contains("violates PodSecurity") =>
        {
            Err(Unready::Refused(error.why))
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits until the cluster says that the measured containers run, or that one has run. Nothing is asked
/// meanwhile: every question costs the node work just when the application starts.
pub(super) async fn placed<S: AsRef<str>>(
    session: &PodSession,
    name: &str,
    subjects: &[S],
) -> Result<(), Unready> {
    let look = |pod: Option<&Pod>| match pod.map(|pod| state::start(pod, subjects)) {
        None => Poll::NotYet("the watch has not shown it".to_owned()),
        Some(Start::Waiting(last)) => Poll::NotYet(last),
        Some(Start::Running | Start::Ended(..)) => Poll::Ready(()),
        Some(Start::Stuck(why)) => Poll::Failed(why),
    };
    let waited = session
        .pods
        .until(session.clock, name, pace().placed, look)
        .await;
    waited.map_err(|why| Unready::ours(why.words()))
}

/// The end of the prober's poll, as its log tells it; an end of the subject ends the wait.
async fn polled(session: &PodSession, request: &StartRequest) -> Result<Polled, Unready> {
    let name = request.name.as_str();
    let limit = pace().lead + request.ready_within + pace().last_word;
    let deadline = Deadline::after(session.clock, limit);
    loop {
        session.clock.sleep(pace().look).await;
        if let Some(polled) = last_word(session, name).await? {
            if polled.ready_ns.is_some() {
                return Ok(polled);
            }
            return Err(silent(session, name, &polled));
        }
        still_there(session.pods.get(name).as_ref(), SUBJECT)?;
        if deadline.passed(session.clock) {
            return Err(Unready::ours("the prober did not tell the end of its poll"));
        }
    }
}

/// An error when the container `subject` ended or its pod will not go on.
pub(super) fn still_there(pod: Option<&Pod>, subject: &str) -> Result<(), Unready> {
    match pod.map(|pod| state::start(pod, &[subject])) {
        Some(Start::Ended(exit, told)) => Err(Unready::Image(format!(
            "it ended before it was ready: {exit:?}, {told}"
        ))),
        Some(Start::Stuck(why)) => Err(Unready::ours(why)),
        None => Err(Unready::ours("the pod is gone")),
        Some(Start::Waiting(_) | Start::Running) => Ok(()),
    }
}

/// Waits until the kubelet has told which image it runs: it does so behind the work.
pub(super) async fn identified(
    session: &PodSession,
    name: &str,
    container: &str,
    image: &Image,
) -> Result<(), Unready> {
    let (node, wanted) = (&session.ground.node, &image.reference.digests);
    let is_planned = |pod: Option<&Pod>| {
        pod.is_some_and(|pod| state::impostor(pod, container, node, wanted).is_none())
    };
    let look = |pod: Option<&Pod>| match pod.and_then(|pod| state::container(pod, container)) {
        Some(status) if !status.image_id.is_empty() => Poll::Ready(is_planned(pod)),
        Some(_) => Poll::NotYet("no image id yet".to_owned()),
        None => Poll::NotYet("nothing is said of its container".to_owned()),
    };
    let waited = session
        .pods
        .until(session.clock, name, pace().identified, look)
        .await;
    let told = |why: Waited| Unready::ours(format!("what it runs is not told: {}", why.words()));
    // A pod that is not as planned is rejected and counted where its figures are read.
    if waited.map_err(told)? {
        image.confirmed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whose doing it is that no correct answer came: an image whose container never ran is not to blame.
fn silent(session: &PodSession, name: &str, polled: &Polled) -> Unready {
    let pod = session.pods.get(name);
    if !pod.as_ref().is_some_and(state::is_subject_running) {
        let last = pod
            .as_ref()
            .map_or_else(|| "the pod is gone".to_owned(), state::last_words);
        return Unready::ours(format!("its container did not run; last: {last}"));
    }
    let last = polled.last_error.as_deref().unwrap_or("nothing");
    let polls = polled.polls;
    Unready::Image(format!("no correct answer to {polls} polls; last: {last}"))
}

/// The end of the prober's poll, if its log has it.
async fn last_word(session: &PodSession, name: &str) -> Result<Option<Polled>, Unready> {
    let wanted = LogParams {
        container: Some(PROBER.to_owned()),
        ..LogParams::default()
    };
    let log = call::insist(session.clock, "read the prober's log", || {
        session.api.logs(name, &wanted)
    });
    let log = log.await?;
    for line in log.lines() {
        let cluster = |said: String| Unready::ours(format!("the prober said {said}"));
        match serde_json::from_str(line) {
            Ok(Reply::Polled(polled)) => return Ok(Some(polled)),
            Ok(Reply::Ready(_)) => {}
            Ok(other) => return Err(cluster(format!("{other:?}"))),
            Err(_) => return Err(cluster(format!("`{line}`"))),
        }
    }
    Ok(None)
}

/// The last lines a container wrote, without the probe's.
pub(super) async fn output(api: &kube::Api<Pod>, name: &str, container: &str) -> String {
    let wanted = LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(40),
        ..LogParams::default()
    };
    let text = call::once("read the log", api.logs(name, &wanted))
        .await
        .unwrap_or_default();
    let own: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(probe::Repeated::PREFIX))
        .collect();
    own.join("\n")
}

/// Ends a pod that did not become ready, and says whose doing it was.
async fn give_up(
    session: &PodSession,
    container: PodContainer,
    request: &StartRequest,
    why: Unready,
) -> StartError {
    let output = output(&session.api, &request.name, SUBJECT).await;
    let residue = match (container.remove(Some(1)).await, &why) {
        (Ok(()), _) => Residue::Nothing,
        (Err(error), Unready::Ours(..)) => error.residue,
        // An image is blamed only when nothing of the pod can disturb what follows.
        (Err(error), _) => return error.into(),
    };
    why.told(request, &session.request.stop, output, residue)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
