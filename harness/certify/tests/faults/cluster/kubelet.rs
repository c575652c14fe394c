//! Scheduler, kubelet and namespace controller, pretended: pods go through the phases of real ones,
//! with the statuses and events of real ones.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::answer::{self, Body};
use super::store::{Store, name};
use super::{NODE, Shared, inside, lock};
use crate::script::PodFault;

/// How long each step of a pod takes.
const STEP: Duration = Duration::from_millis(3);
/// How far behind its work a kubelet's events are.
const BEHIND: Duration = Duration::from_millis(4);
/// How long after its container runs a pod is evicted.
const EVICTION: Duration = Duration::from_millis(8);

/// One pod.
#[derive(Clone)]
struct Place {
    shared: Arc<Shared>,
    namespace: String,
    name: String,
}

/// Takes a new pod up.
pub(super) fn begin(
    shared: &Arc<Shared>,
    namespace: &str,
    mut pod: Value,
    fault: Option<PodFault>,
) -> Value {
    if fault == Some(PodFault::Held) {
        pod["metadata"]["finalizers"] = json!([PodFault::Held.words()]);
    }
    let made = shared.change(|store| store.put("pods", namespace, pod));
    let place = Place {
        shared: shared.clone(),
        namespace: namespace.to_owned(),
        name: name(&made),
    };
    shared.spawn(async move {
        // A pod that is deleted meanwhile is taken no further.
        let _ = place.bring_up(fault).await;
    });
    made
}

impl Place {
    /// Changes the pod, unless it is gone or going.
    fn update(&self, change: impl FnOnce(&mut Value)) -> Option<Value> {
        self.shared.change(|store| {
            let pod = store.get("pods", &self.namespace, &self.name)?;
            if is_going(pod) {
                return None;
            }
            store.update("pods", &self.namespace, &self.name, change)
        })
    }

    async fn bring_up(&self, fault: Option<PodFault>) -> Option<()> {
        tokio::time::sleep(STEP).await;
        if fault == Some(PodFault::Unschedulable) {
            let words = PodFault::Unschedulable.words();
            self.update(|pod| {
                pod["status"]["conditions"] = json!([{
                    "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                    "message": words,
                }]);
            })?;
            self.event("FailedScheduling", "", words);
            return None;
        }
        self.update(|pod| {
            pod["spec"]["nodeName"] = json!(NODE);
            pod["status"]["conditions"] = json!([{"type": "PodScheduled", "status": "True"}]);
        })?;
        self.event("Scheduled", "", "assigned");
        tokio::time::sleep(STEP).await;
        let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
        match fault {
            Some(PodFault::PullBackOff) => {
                for reason in ["ErrImagePull", "ImagePullBackOff"] {
                    let state = waiting(reason, PodFault::PullBackOff.words());
                    self.show(&waiting("PodInitializing", ""), &state)?;
                    tokio::time::sleep(STEP).await;
                }
                self.event("Failed", "", PodFault::PullBackOff.words());
                return None;
            }
            Some(PodFault::EvictedWaiting) => return self.evict(),
            _ => {}
        }
        let starts = waiting("PodInitializing", "");
        self.show(&starts, &starts)?;
        let prober = self.prober()?;
        tokio::time::sleep(STEP).await;
        let running = json!({"running": {"startedAt": answer::now()}});
        self.show(&running, &starts)?;
        for (number, container) in self.containers()?.iter().enumerate() {
            let name = container["name"].as_str()?;
            self.event("Created", name, "Created container");
            tokio::time::sleep(STEP).await;
            self.event("Started", name, "Started container");
            self.run(number, container)?;
        }
        self.show(&running, &running)?;
        if self.containers()?.iter().any(is_short) {
            self.update(|pod| {
                pod["status"]["phase"] = json!("Succeeded");
                end_containers(pod, 0, "Completed");
            })?;
            return Some(());
        }
        if fault == Some(PodFault::EvictedRunning) {
            tokio::time::sleep(EVICTION).await;
            return self.evict();
        }
        if let Some(prober) = prober {
            self.listen(prober).await;
        }
        Some(())
    }

    /// Shows the state of both containers.
    fn show(&self, prober: &Value, subject: &Value) -> Option<Value> {
        self.update(|pod| {
            let spec = pod["spec"].clone();
            let status = &mut pod["status"];
            let all = |kind: &str, state: &Value| -> Vec<Value> {
                let containers = spec[kind].as_array().into_iter().flatten();
                containers.map(|one| container(one, state)).collect()
            };
            status["initContainerStatuses"] = json!(all("initContainers", prober));
            status["containerStatuses"] = json!(all("containers", subject));
            if !subject["running"].is_null() {
                status["phase"] = json!("Running");
            }
        })
    }

    /// The containers that are measured.
    fn containers(&self) -> Option<Vec<Value>> {
        let store = lock(&self.shared.store);
        let pod = store.get("pods", &self.namespace, &self.name)?;
        pod["spec"]["containers"].as_array().cloned()
    }

    /// What a container does at once: it writes.
    fn run(&self, number: usize, container: &Value) -> Option<()> {
        let words = inside::strings(&container["command"]);
        let line = match words.as_slice() {
            [_, verb, wish, ..] if verb == "repeat" => {
                inside::repeated(&format!("{}-{number}", self.name), wish)
            }
            _ if is_short(container) => inside::apart(&self.shared),
            _ => "listening".to_owned(),
        };
        let name = container["name"].as_str()?;
        self.shared.write(&self.name, name, &line);
        Some(())
    }

    /// The prober, as a process of this host; none in a pod without one.
    fn prober(&self) -> Option<Option<tokio::process::Child>> {
        let words = {
            let store = lock(&self.shared.store);
            let pod = store.get("pods", &self.namespace, &self.name)?;
            inside::strings(&pod["spec"]["initContainers"][0]["command"])
        };
        if words.is_empty() {
            return Some(None);
        }
        let child = tokio::process::Command::new(&self.shared.probe)
            .args(words.iter().skip(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Some(Some(child.unwrap()))
    }

    /// Keeps what the prober writes, until the pod is gone or going.
    async fn listen(&self, mut prober: tokio::process::Child) {
        let mut changed = self.shared.changed.subscribe();
        let mut lines = BufReader::new(prober.stdout.take().unwrap()).lines();
        let mut is_over = false;
        while !is_over {
            changed.mark_unchanged();
            tokio::select! {
                line = lines.next_line() => match line.unwrap() {
                    Some(line) => self.shared.write(&self.name, "prober", &line),
                    None => is_over = true,
                },
                _ = changed.changed() => {
                    let store = lock(&self.shared.store);
                    let pod = store.get("pods", &self.namespace, &self.name);
                    is_over = pod.is_none_or(is_going);
                }
            }
        }
    }

    fn evict(&self) -> Option<()> {
        let words = PodFault::EvictedRunning.words();
        self.update(|pod| {
            let status = &mut pod["status"];
            status["phase"] = json!("Failed");
            status["reason"] = json!("Evicted");
            status["message"] = json!(words);
            end_containers(pod, 137, "Error");
        })?;
        self.event("Evicted", "", words);
        Some(())
    }

    /// Sends an event of now, behind the work as kubelets do.
    fn event(&self, reason: &'static str, container: &str, message: &str) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        let nanos = now.tv_sec * 1_000_000_000 + now.tv_nsec;
        let path = match container {
            "" => json!(null),
            name => json!(format!("spec.containers{{{name}}}")),
        };
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{}.{nanos:016x}", self.name),
                         "namespace": self.namespace},
            "reason": reason, "message": message, "type": "Normal",
        });
        let place = self.clone();
        self.shared.spawn(async move {
            tokio::time::sleep(BEHIND).await;
            place.shared.change(|store| {
                let pod = store.get("pods", &place.namespace, &place.name);
                let uid = pod.map(|pod| pod["metadata"]["uid"].clone());
                let mut event = event;
                event["involvedObject"] = json!({"kind": "Pod", "name": place.name, "uid": uid,
                                                 "fieldPath": path});
                store.put("events", &place.namespace, event)
            });
        });
    }
}

/// Whether a container tells of attempts and ends.
fn is_short(container: &Value) -> bool {
    container["command"][1] == "attempts"
}

fn is_going(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

/// What a kubelet says of a container.
fn container(container: &Value, state: &Value) -> Value {
    let (name, image) = (&container["name"], &container["image"]);
    let runs = !state["running"].is_null();
    let (id, container_id) = if runs {
        (image.clone(), json!("scripted://container"))
    } else {
        (json!(""), json!(null))
    };
    json!({"name": name, "image": image, "imageID": id, "containerID": container_id,
           "ready": runs, "started": runs, "restartCount": 0, "state": state})
}

/// Both containers ended.
fn end_containers(pod: &mut Value, code: i32, reason: &str) {
    for kind in ["initContainerStatuses", "containerStatuses"] {
        let statuses = pod["status"][kind].as_array_mut();
        for status in statuses.into_iter().flatten() {
            if !status["state"]["running"].is_null() {
                status["state"] = json!({"terminated": {
                    "exitCode": code, "reason": reason, "finishedAt": answer::now(),
                }});
                status["ready"] = json!(false);
            }
        }
    }
}

/// A pod is to end: it goes when its containers have ended and nobody holds it.
pub(super) fn end(
    shared: &Arc<Shared>,
    namespace: &str,
    name: &str,
    grace: Option<i64>,
) -> Response<Body> {
    let marked = shared.change(|store| mark(store, namespace, name, grace));
    let Some((pod, is_new)) = marked else {
        return answer::not_found("pods", name);
    };
    if is_new {
        let place = Place {
            shared: shared.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let is_told = !shared.script.of_end(shared.number("ended"));
        shared.spawn(async move {
            tokio::time::sleep(STEP).await;
            if is_told {
                place.shared.change(|store| {
                    store.update("pods", &place.namespace, &place.name, |pod| {
                        end_containers(pod, 0, "Completed");
                    })
                });
            }
            tokio::time::sleep(STEP).await;
            place.shared.change(|store| {
                let pod = store.get("pods", &place.namespace, &place.name);
                if pod.is_some_and(|pod| !is_held(pod)) {
                    store.remove("pods", &place.namespace, &place.name);
                }
            });
        });
    }
    answer::object(200, &pod)
}

fn is_held(pod: &Value) -> bool {
    let held = pod["metadata"]["finalizers"].as_array();
    held.is_some_and(|all| !all.is_empty())
}

/// Marks a pod as going; whether it was not before.
fn mark(
    store: &mut Store,
    namespace: &str,
    name: &str,
    grace: Option<i64>,
) -> Option<(Value, bool)> {
    let pod = store.get("pods", namespace, name)?;
    if is_going(pod) {
        return Some((pod.clone(), false));
    }
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64();
    let marked = store.update("pods", namespace, name, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(answer::now());
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace.or(own));
    });
    marked.map(|pod| (pod, true))
}

/// A namespace is to end: it goes when everything in it has.
pub(super) fn end_namespace(shared: &Arc<Shared>, name: &str) -> Response<Body> {
    let marked = shared.change(|store| {
        store.update("namespaces", "", name, |namespace| {
            namespace["metadata"]["deletionTimestamp"] = json!(answer::now());
            namespace["status"]["phase"] = json!("Terminating");
        })
    });
    let Some(namespace) = marked else {
        return answer::not_found("namespaces", name);
    };
    let (shared, name) = (shared.clone(), name.to_owned());
    shared
        .clone()
        .spawn(async move { clear(&shared, &name).await });
    answer::object(200, &namespace)
}

async fn clear(shared: &Arc<Shared>, namespace: &str) {
    loop {
        let pods = lock(&shared.store).list("pods", namespace);
        if pods.is_empty() {
            break;
        }
        for pod in &pods {
            end(shared, namespace, &name(pod), None);
        }
        let held: Vec<&Value> = pods.iter().filter(|pod| is_held(pod)).collect();
        let mut conditions = vec![condition(
            "NamespaceContentRemaining",
            &format!(
                "Some resources are remaining: pods. has {} resource instances",
                pods.len()
            ),
        )];
        if !held.is_empty() {
            let message = format!(
                "Some content in the namespace has finalizers remaining: {} in {} resource \
                 instances",
                PodFault::Held.words(),
                held.len()
            );
            conditions.push(condition("NamespaceFinalizersRemaining", &message));
        }
        shared.change(|store| {
            store.update("namespaces", "", namespace, |object| {
                object["status"]["conditions"] = json!(conditions);
            })
        });
        tokio::time::sleep(STEP * 4).await;
    }
    shared.change(|store| {
        for event in store.list("events", namespace) {
            store.remove("events", namespace, &name(&event));
        }
        store.remove("namespaces", "", namespace);
    });
}

fn condition(kind: &str, message: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": "SomeResourcesRemain", "message": message,
           "lastTransitionTime": answer::now()})
}
