//! What a cluster is asked to run: the counterpart of the bundle of a bare runtime.
//!
//! Every pod here keeps to the Pod Security Standard `restricted`, the harness's own included.

use engine::Recipe;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use model::RunId;
use serde_json::{Value, json};

use super::names::{EXPIRES, LABEL, PROBE, PROBER, SUBJECT};
use crate::probe_image::FOLDER;

/// Where an image is found by a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// What stands in a pod.
    pub(crate) name: String,
    /// `Never` for what was loaded, `IfNotPresent` for what is pulled by digest.
    pub(crate) pull: &'static str,
    /// Digests under which a node may know exactly this image.
    pub(crate) digests: Vec<String>,
}

/// What the measured container runs first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    /// The image's entrypoint.
    Itself,
    /// `probe repeat` with this wish, which runs the entrypoint.
    InPlace(&'a str),
}

/// What all pods of a session share.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) run: RunId,
    pub(crate) namespace: String,
    /// Where everything runs.
    pub(crate) node: String,
    /// The RuntimeClass of its pods.
    pub(crate) runtime_class: Option<String>,
    /// The image with the probe.
    pub(crate) probe: Reference,
}

/// A namespace of its own in which the cluster enforces the standard.
pub(crate) fn namespace(run: &RunId, name: &str, expires: &str) -> serde_json::Result<Namespace> {
    serde_json::from_value(json!({
        "metadata": {
            "name": name,
            "labels": {
                LABEL: run.as_str(),
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
                "pod-security.kubernetes.io/warn": "restricted",
            },
            "annotations": {EXPIRES: expires},
        },
    }))
}

/// The pod that is measured: the prober beside the container that `recipe` describes.
pub(crate) fn subject(
    ground: &Ground,
    name: &str,
    image: &Reference,
    recipe: &Recipe,
    entry: Entry<'_>,
    first: &str,
) -> serde_json::Result<Pod> {
    let config = &recipe.config;
    let mut arguments: Vec<&str> = match entry {
        Entry::Itself => Vec::new(),
        Entry::InPlace(wish) => vec![PROBE, "repeat", wish, "--"],
    };
    arguments.extend(
        config
            .entrypoint
            .iter()
            .chain(&config.command)
            .map(String::as_str),
    );
    let env: Vec<Value> = config
        .env
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let memory = format!("{}Mi", recipe.resources.memory_mib);
    let mut limits = json!({"memory": memory});
    if let Some(millis) = recipe.resources.cpu_millis {
        limits["cpu"] = json!(format!("{millis}m"));
    }
    let mut mounts = vec![probe_mount()];
    let mut volumes = vec![probe_volume(ground)];
    for (number, path) in recipe.writable.iter().enumerate() {
        let volume = format!("writable-{number}");
        mounts.push(json!({"name": volume, "mountPath": path.path}));
        let size = format!("{}Mi", path.size_mib);
        volumes.push(json!({"name": volume, "emptyDir": {"medium": "Memory", "sizeLimit": size}}));
    }
    let subject = json!({
        "name": SUBJECT,
        "image": image.name,
        "imagePullPolicy": image.pull,
        "command": arguments,
        "workingDir": config.workdir,
        "env": env,
        "resources": {"limits": limits, "requests": limits},
        "securityContext": restricted(config.user.uid, config.user.gid),
        "volumeMounts": mounts,
    });
    let prober = prober(ground, &["prober", "--first", first]);
    // What is not full seconds is given away, not taken: a program that ends in time does so.
    let grace = config.stop_grace_ms.div_ceil(1000).max(1);
    pod(
        ground,
        name,
        grace,
        json!([prober]),
        json!([subject]),
        json!(volumes),
    )
}

/// A pod that the standard refuses: what shows that the cluster enforces it.
pub(crate) fn forbidden(ground: &Ground, name: &str) -> serde_json::Result<Pod> {
    let subject = json!({
        "name": SUBJECT,
        "image": ground.probe.name,
        "imagePullPolicy": "Never",
        "securityContext": {"privileged": true},
    });
    pod(ground, name, 1, json!([]), json!([subject]), json!([]))
}

fn pod(
    ground: &Ground,
    name: &str,
    grace_s: u64,
    init: Value,
    containers: Value,
    volumes: Value,
) -> serde_json::Result<Pod> {
    serde_json::from_value(json!({
        "metadata": {
            "name": name,
            "namespace": ground.namespace,
            "labels": {LABEL: ground.run.as_str()},
        },
        "spec": {
            // Through the scheduler and its limits, but to one node only.
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchFields": [
                    {"key": "metadata.name", "operator": "In", "values": [ground.node]},
                ]}],
            }}},
            "runtimeClassName": ground.runtime_class,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": grace_s,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "initContainers": init,
            "containers": containers,
            "volumes": volumes,
        },
    }))
}

/// A native sidecar: there before the measured container, in the same network.
fn prober(ground: &Ground, words: &[&str]) -> Value {
    let mut command = vec![PROBE];
    command.extend(words);
    json!({
        "name": PROBER,
        "image": ground.probe.name,
        "imagePullPolicy": ground.probe.pull,
        "restartPolicy": "Always",
        "command": command,
        // Its input stays open: the end of it would end the prober.
        "stdin": true,
        "resources": {
            "limits": {"memory": "32Mi"},
            "requests": {"memory": "32Mi"},
        },
        "securityContext": restricted(65_534, 65_534),
    })
}

fn probe_mount() -> Value {
    json!({"name": "certify-probe", "mountPath": FOLDER, "readOnly": true})
}

fn probe_volume(ground: &Ground) -> Value {
    json!({
        "name": "certify-probe",
        "image": {"reference": ground.probe.name, "pullPolicy": ground.probe.pull},
    })
}

fn restricted(uid: u32, gid: u32) -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
        "runAsGroup": gid,
        "runAsNonRoot": true,
        "runAsUser": uid,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}
