//! Removing what a run made in a cluster.

use std::time::Duration;

use engine::clock::Clock;
use engine::wait::Deadline;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use model::RunId;

use super::call::{self, Kind};
use super::cluster::Cluster;
use super::names::LABEL;
use super::pace::pace;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Removes a namespace of ours and waits until it is gone; one that is not there is.
pub(crate) async fn namespace(clock: Clock, cluster: &Cluster, name: &str) -> Result<(), String> {
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    let found = call::insist(clock, "look at the namespace", || api.get_opt(name)).await;
    let Some(found) = found.map_err(|error| error.to_string())? else {
        return Ok(());
    };
    let labels = found.metadata.labels.unwrap_or_default();
    if !labels.contains_key(LABEL) {
        return Err(format!(
            "namespace {name} is not one of ours, so it is not touched"
        ));
    }
    let how = DeleteParams::default();
    let deleted = call::insist(clock, "delete the namespace", || api.delete(name, &how));
    match deleted.await {
        Ok(_) => {}
        Err(error) if error.kind == Kind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    }
    let deadline = Deadline::after(clock, pace().namespace_gone);
    loop {
        let found = call::insist(clock, "look at the namespace", || api.get_opt(name)).await;
        let Some(found) = found.map_err(|error| error.to_string())? else {
            return Ok(());
        };
        if deadline.passed(clock) {
            let conditions = found
                .status
                .into_iter()
                .flat_map(|status| status.conditions.unwrap_or_default());
            let said: Vec<String> = conditions
                .filter_map(|condition| condition.message)
                .collect();
            return Err(format!(
                "namespace {name} is still there after {} ms: {}",
                pace().namespace_gone.as_millis(),
                said.join("; ")
            ));
        }
        clock.sleep(PAUSE).await;
    }
}

/// Removes the pods of a run from a namespace that stays, and waits until they are gone.
pub(crate) async fn pods(
    clock: Clock,
    cluster: &Cluster,
    namespace: &str,
    run: &RunId,
) -> Result<(), String> {
    let api: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
    let ours = ListParams::default().labels(&format!("{LABEL}={run}"));
    let how = DeleteParams {
        grace_period_seconds: Some(1),
        ..DeleteParams::default()
    };
    let deadline = Deadline::after(clock, pace().namespace_gone);
    loop {
        let listed = call::insist(clock, "list the run's pods", || api.list(&ours)).await;
        let left = listed.map_err(|error| error.to_string())?.items;
        if left.is_empty() {
            return Ok(());
        }
        for pod in left
            .iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        {
            let name = pod.name_any();
            let deleted = call::insist(clock, "delete a pod", || api.delete(&name, &how)).await;
            match deleted {
                Ok(_) => {}
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        if deadline.passed(clock) {
            let names: Vec<String> = left.iter().map(ResourceExt::name_any).collect();
            let ms = pace().namespace_gone.as_millis();
            return Err(format!("still there after {ms} ms: {}", names.join(", ")));
        }
        clock.sleep(PAUSE).await;
    }
}
