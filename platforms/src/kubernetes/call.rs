//! Calls to an API server: each has a deadline, and each failure says what the server said.

use std::future::Future;
use std::time::Duration;

use engine::clock::Clock;
use engine::wait::Deadline;
use kube::api::PostParams;
use kube::client::UpgradeConnectionError;
use kube::{Api, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pace::pace;

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The server is busy or unwell: the same call may work later.
    Busy,
    /// Who we are is not or no longer known.
    Unauthorized,
    /// We may not, or a policy refuses the object.
    Forbidden,
    /// What we hold is too old.
    Gone,
    /// There is no such object.
    NotFound,
    /// An object of that name is there.
    Exists,
    /// The object is not valid.
    Invalid,
    /// No answer in time.
    Late,
    /// The connection broke, or none could be made.
    Cut,
    /// Everything else: the connection, the format.
    Other,
}

/// A call that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {why}")]
pub(crate) struct CallError {
    /// What was called for.
    pub(crate) what: String,
    /// The server's words.
    pub(crate) why: String,
    pub(crate) kind: Kind,
    /// How long the server asks us to wait.
    pause: Option<Duration>,
}

/// Makes one call.
pub(crate) async fn once<T>(
    what: &str,
    answer: impl Future<Output = kube::Result<T>>,
) -> Result<T, CallError> {
    let failed = |kind, why: String, pause| CallError {
        what: what.to_owned(),
        why,
        kind,
        pause,
    };
    match tokio::time::timeout(pace().answer, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let (kind, pause) = kind(&error);
            Err(failed(kind, words(&error), pause))
        }
        Err(_) => {
            let why = format!("no answer within {} ms", pace().answer.as_millis());
            Err(failed(Kind::Late, why, None))
        }
    }
}

/// Makes a call, and again while the server is busy or the connection breaks. Only for calls that are
/// not timed.
pub(crate) async fn insist<T, F>(
    clock: Clock,
    what: &str,
    answer: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = kube::Result<T>>,
{
    insist_while(clock, what, is_passing, answer).await.0
}

/// Makes the first call to a server: what does not answer at all may be no server, so only one that
/// says that it is busy is asked again.
pub(crate) async fn introduce<T, F>(
    clock: Clock,
    what: &str,
    answer: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = kube::Result<T>>,
{
    let is_there = |error: &CallError| error.kind == Kind::Busy;
    insist_while(clock, what, is_there, answer).await.0
}

/// Creates an object, and again while the server is busy. A try whose answer was lost may have made
/// it: what is there under its name at the next try is taken for it, so names must be ours alone.
pub(crate) async fn create<K>(
    clock: Clock,
    what: &str,
    api: &Api<K>,
    object: &K,
) -> Result<K, CallError>
where
    K: kube::Resource + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let params = PostParams::default();
    let made = insist_while(clock, what, is_passing, || api.create(&params, object));
    match made.await {
        (Err(error), tries) if error.kind == Kind::Exists && tries > 1 => {
            let name = object.name_any();
            insist(clock, what, || api.get(&name)).await
        }
        (made, _) => made,
    }
}

/// Makes a call again while `passes` says that its failure may pass; how often it was made.
pub(crate) async fn insist_while<T, F>(
    clock: Clock,
    what: &str,
    passes: impl Fn(&CallError) -> bool,
    mut answer: impl FnMut() -> F,
) -> (Result<T, CallError>, u32)
where
    F: Future<Output = kube::Result<T>>,
{
    let deadline = Deadline::after(clock, pace().insistence);
    let mut tries = 0;
    loop {
        tries += 1;
        match once(what, answer()).await {
            Err(error) if passes(&error) && !deadline.passed(clock) => {
                let pause = error
                    .pause
                    .unwrap_or(pace().pause)
                    .min(deadline.left(clock));
                tracing::debug!("{error}; again in {} ms", pause.as_millis());
                clock.sleep(pause).await;
            }
            Err(error) if tries > 1 => {
                let why = format!("{} ({tries} tries)", error.why);
                return (Err(CallError { why, ..error }), tries);
            }
            result => return (result, tries),
        }
    }
}

/// Whether the same call may work in a moment. A new namespace has no service account at first, and
/// what stands in it is refused until it has.
pub(crate) fn is_passing(error: &CallError) -> bool {
    match error.kind {
        Kind::Busy | Kind::Late | Kind::Cut => true,
        Kind::Forbidden => error.why.contains("error looking up service account"),
        _ => false,
    }
}

fn kind(error: &kube::Error) -> (Kind, Option<Duration>) {
    let status = match error {
        kube::Error::Api(status) => status,
        kube::Error::HyperError(_) | kube::Error::Service(_) => return (Kind::Cut, None),
        kube::Error::UpgradeConnection(UpgradeConnectionError::ProtocolSwitch(code)) => {
            return (of_code(code.as_u16(), ""), None);
        }
        _ => return (Kind::Other, None),
    };
    let asked = status
        .details
        .as_ref()
        .map(|details| details.retry_after_seconds);
    let pause = asked
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds.into()));
    (of_code(status.code, &status.reason), pause)
}

fn of_code(code: u16, reason: &str) -> Kind {
    match code {
        401 => Kind::Unauthorized,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        409 if reason == "AlreadyExists" => Kind::Exists,
        410 => Kind::Gone,
        400 | 422 => Kind::Invalid,
        429 | 500 | 502 | 503 | 504 => Kind::Busy,
        _ => Kind::Other,
    }
}

/// The server's words, else the error with its causes.
pub(crate) fn words(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        return format!("{} ({} {})", status.message, status.code, status.reason);
    }
    with_causes(error)
}

/// What an error and its causes say.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

impl CallError {
    /// What to try.
    pub(crate) fn remedy(&self) -> Option<String> {
        let text = match self.kind {
            Kind::Unauthorized => "log in to the cluster again: its credentials are not accepted",
            Kind::Forbidden => "compare with the rights that `certify rbac` prints",
            Kind::Busy | Kind::Late | Kind::Cut => {
                "look at the API server: it turns calls away, is too slow or not there"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}
