//! Removing one pod.

use std::time::Duration;

use engine::clock::Clock;
use engine::{Residue, SessionError};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DeleteParams;

use super::call::{self, Kind};
use super::pace::pace;
use super::pods::Pods;
use super::state;

/// The grace of a pod whose end is not looked at. None at all would make the deletion a forced one:
/// the object goes and the container stays.
pub(super) const SHORTEST_GRACE_S: u32 = 1;

/// Deletes a pod with `grace` and waits until it is gone.
pub(super) async fn remove(
    clock: Clock,
    api: &Api<Pod>,
    pods: &Pods,
    name: &str,
    grace: Option<u32>,
) -> Result<(), SessionError> {
    let attempted = format!("remove pod {name}");
    let left = || Residue::Removable(vec![format!("pod {name}")]);
    let failed = |why: String| SessionError::environment(&attempted, why).leaving(left());
    delete(clock, api, name, grace).await.map_err(failed)?;
    let limit = pace().pod_gone + Duration::from_secs(grace.unwrap_or(0).into());
    let gone = pods.until(clock, name, limit, state::await_gone).await;
    gone.map_err(|why| failed(why.words()))
}

/// Deletes a pod with `grace`; one that is gone is deleted.
pub(super) async fn delete(
    clock: Clock,
    api: &Api<Pod>,
    name: &str,
    grace: Option<u32>,
) -> Result<(), String> {
    let how = DeleteParams {
        grace_period_seconds: grace,
        ..DeleteParams::default()
    };
    let deleted = call::insist(clock, "delete the pod", || api.delete(name, &how));
    match deleted.await {
        Ok(_) => Ok(()),
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
