//! What a cluster is asked to run: the counterpart of the bundle of a bare runtime.
//!
//! Every pod here keeps to the Pod Security Standard `restricted`, the harness's own included.

use engine::Recipe;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use model::RunId;
use serde_json::{Value, json};

use super::names::{self, EXPIRES, LABEL, PROBE, PROBER, SUBJECT, TURNS};
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

/// The pod that is looked at: the prober beside the container that `recipe` describes.
pub(crate) fn subject(
    ground: &Ground,
    name: &str,
    image: &Reference,
    recipe: &Recipe,
    first: &str,
) -> serde_json::Result<Pod> {
    let mut volumes = vec![probe_volume(ground)];
    let subject = container(SUBJECT, image, recipe, entrypoint(recipe), &mut volumes);
    let prober = prober(ground, &["prober", "--first", first]);
    pod(
        ground,
        name,
        grace_s(recipe),
        json!([prober]),
        json!([subject]),
        json!(volumes),
    )
}

/// A container that starts its entrypoint in turn with others.
pub(crate) struct Place<'a> {
    /// Its image.
    pub(crate) image: &'a Reference,
    /// How a container of it runs.
    pub(crate) recipe: &'a Recipe,
    /// The wish of `probe repeat`.
    pub(crate) wish: String,
}

/// The pod whose containers start in turn, in the order of their places. Nobody looks at them from
/// beside, so there is no prober.
pub(crate) fn lap(ground: &Ground, name: &str, places: &[Place<'_>]) -> serde_json::Result<Pod> {
    let shared = json!({"medium": "Memory", "sizeLimit": "1Mi"});
    let mut volumes = vec![
        probe_volume(ground),
        json!({"name": "certify-turns", "emptyDir": shared}),
    ];
    let mut containers = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let mut words = [PROBE, "repeat", &place.wish, "--"]
            .map(str::to_owned)
            .to_vec();
        words.extend(entrypoint(place.recipe));
        let own = names::place(number);
        let mut made = container(&own, place.image, place.recipe, words, &mut volumes);
        if let Some(mounts) = made["volumeMounts"].as_array_mut() {
            mounts.push(json!({"name": "certify-turns", "mountPath": TURNS}));
        }
        containers.push(made);
    }
    let grace = places.iter().map(|place| grace_s(place.recipe)).max();
    pod(
        ground,
        name,
        grace.unwrap_or(1),
        json!([]),
        json!(containers),
        json!(volumes),
    )
}

/// What is not full seconds is given away, not taken: a program that ends in time does so.
fn grace_s(recipe: &Recipe) -> u64 {
    recipe.config.stop_grace_ms.div_ceil(1000).max(1)
}

/// The pod in which `probe attempts` is the first process of a container like the one that is looked
/// at; the document is its output.
pub(crate) fn apart(
    ground: &Ground,
    name: &str,
    image: &Reference,
    recipe: &Recipe,
    request: &str,
) -> serde_json::Result<Pod> {
    let mut volumes = vec![probe_volume(ground)];
    let mut words = vec![PROBE.to_owned()];
    words.extend(attempts(recipe));
    words.extend(["--request", request].map(str::to_owned));
    let subject = container(SUBJECT, image, recipe, words, &mut volumes);
    pod(ground, name, 1, json!([]), json!([subject]), json!(volumes))
}

/// The words of `probe attempts` as the image's user, on the first process of a container.
pub(crate) fn attempts(recipe: &Recipe) -> Vec<String> {
    let user = recipe.config.user;
    let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
    ["attempts", "--pid", "1", "--uid", &uid, "--gid", &gid]
        .map(str::to_owned)
        .to_vec()
}

fn entrypoint(recipe: &Recipe) -> Vec<String> {
    let config = &recipe.config;
    config
        .entrypoint
        .iter()
        .chain(&config.command)
        .cloned()
        .collect()
}

/// The container that `recipe` describes, with `command` as its program. Its volumes are added to
/// `volumes`.
fn container(
    name: &str,
    image: &Reference,
    recipe: &Recipe,
    command: Vec<String>,
    volumes: &mut Vec<Value>,
) -> Value {
    let config = &recipe.config;
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
    for (number, path) in recipe.writable.iter().enumerate() {
        let volume = format!("{name}-writable-{number}");
        mounts.push(json!({"name": volume, "mountPath": path.path}));
        let size = format!("{}Mi", path.size_mib);
        volumes.push(json!({"name": volume, "emptyDir": {"medium": "Memory", "sizeLimit": size}}));
    }
    json!({
        "name": name,
        "image": image.name,
        "imagePullPolicy": image.pull,
        "command": command,
        "workingDir": config.workdir,
        "env": env,
        "resources": {"limits": limits, "requests": limits},
        "securityContext": restricted(config.user.uid, config.user.gid),
        "volumeMounts": mounts,
    })
}

/// A pod that the standard refuses: what shows that the cluster enforces it.
pub(crate) fn forbidden(ground: &Ground, name: &str) -> serde_json::Result<Pod> {
    let subject = json!({
        "name": SUBJECT,
        "image": ground.probe.name,
        "imagePullPolicy": ground.probe.pull,
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
