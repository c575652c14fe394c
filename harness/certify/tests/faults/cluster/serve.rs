//! Requests: what is asked, by whom it is answered, and which fault comes before the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::answer::{self, Body};
use super::store::{is_selected, name};
use super::{Call, Shared, admission, inside, kubelet, lock, watching};
use crate::script::Answer;

/// How long after a namespace its service account is there.
const ACCOUNT: Duration = Duration::from_millis(15);
/// What the engine asks to read, and how objects of it call themselves.
const KINDS: [(&str, &str); 4] = [
    ("pods", "Pod"),
    ("events", "Event"),
    ("namespaces", "Namespace"),
    ("nodes", "Node"),
];

/// Serves until the cluster is dropped.
pub(super) async fn listen(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let stop = shared.stop.clone();
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = stop.cancelled() => return,
        };
        let shared = shared.clone();
        let for_requests = shared.clone();
        shared.spawn(async move {
            let service = service_fn(move |request| answer(for_requests.clone(), request));
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .with_upgrades();
            // A connection that is cut is part of the script, or the client's own matter.
            let _ = served.await;
        });
    }
}

/// One request, taken apart.
pub(super) struct Asked {
    pub(super) method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Asked {
    fn of(request: &Request<Incoming>) -> Self {
        let uri = request.uri();
        let path = uri.path().split('/').filter(|part| !part.is_empty());
        let query = uri.query().unwrap_or_default().split('&');
        let query = query.filter_map(|pair| pair.split_once('='));
        Self {
            method: request.method().clone(),
            path: path.map(str::to_owned).collect(),
            query: query
                .map(|(key, value)| (key.to_owned(), decoded(value)))
                .collect(),
            body: Value::Null,
        }
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().find(|(one, _)| one == key);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn values(&self, key: &str) -> Vec<&str> {
        let found = self.query.iter().filter(|(one, _)| one == key);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// Namespace and name of the pod that is asked about.
    pub(super) fn pod(&self) -> Option<(&str, &str)> {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api", "v1", "namespaces", namespace, "pods", name, ..] => Some((namespace, name)),
            _ => None,
        }
    }

    fn is_true(&self, key: &str) -> bool {
        matches!(self.value(key), Some("true" | "1"))
    }

    /// What it is, in words that stay the same from run to run.
    fn what(&self) -> String {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let verb = match self.method {
            Method::POST => "create",
            Method::DELETE => "delete",
            _ if self.is_true("watch") => "watch",
            _ => "get",
        };
        match parts.as_slice() {
            [.., "pods", _, "exec"] => {
                let program = self.values("command").get(1).copied().unwrap_or_default();
                format!("exec {program}")
            }
            [.., "pods", _, "log"] => {
                format!("log {}", self.value("container").unwrap_or_default())
            }
            ["api", "v1", "namespaces", _, kind] if verb == "get" => format!("list {kind}"),
            ["api", "v1", "namespaces", _, kind, ..] => format!("{verb} {kind}"),
            [.., "proxy", document] => format!("get {document}"),
            ["api", "v1", kind] if verb == "get" => format!("list {kind}"),
            ["api", "v1", kind, ..] => format!("{verb} {kind}"),
            [.., last] => format!("{verb} {last}"),
            [] => verb.to_owned(),
        }
    }
}

/// Percent signs and plus signs undone.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let mut asked = Asked::of(&request);
    let what = asked.what();
    let number = {
        let mut calls = lock(&shared.calls);
        calls.push(Call { what: what.clone() });
        calls.len() - 1
    };
    let fault = shared.script.of_call(number, &what);
    if let Some((code, reason, message)) = fault.and_then(Answer::refusal) {
        return Ok(answer::refusal(code, reason, message));
    }
    let answered = if what.starts_with("exec ") {
        inside::exec(&shared, &asked, request)
    } else {
        let bytes = request.into_body().collect().await;
        let bytes = bytes.map_err(io::Error::other)?.to_bytes();
        if !bytes.is_empty() {
            asked.body = serde_json::from_slice(&bytes)?;
        }
        dispatch(&shared, &asked)
    };
    match fault {
        Some(Answer::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Answer::Lost) => return Err(io::Error::other("cut by the script")),
        _ => {}
    }
    Ok(answered)
}

fn dispatch(shared: &Arc<Shared>, asked: &Asked) -> Response<Body> {
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let get = asked.method == Method::GET;
    match parts.as_slice() {
        ["version"] => answer::object(
            200,
            &json!({"major": "1", "minor": "36", "gitVersion": answer::VERSION, "gitCommit": "",
                    "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "",
                    "platform": "scripted"}),
        ),
        ["api", "v1", "nodes", _, "proxy", "configz"] => answer::object(
            200,
            &json!({"kubeletconfig": {"cgroupDriver": "scripted", "maxPods": 110}}),
        ),
        ["api", "v1", "nodes", _, "proxy", "metrics"] => {
            answer::text("kubelet_cgroup_version 2\n".to_owned())
        }
        // Everything may be done.
        [
            "apis",
            "authorization.k8s.io",
            "v1",
            "selfsubjectaccessreviews",
        ] => {
            let mut review = asked.body.clone();
            review["status"] = json!({"allowed": true});
            answer::object(201, &review)
        }
        ["api", "v1", "namespaces"] if asked.method == Method::POST => namespace(shared, asked),
        ["api", "v1", "namespaces", name] if asked.method == Method::DELETE => {
            kubelet::end_namespace(shared, name)
        }
        ["api", "v1", "namespaces", namespace, "pods"] if asked.method == Method::POST => {
            pod(shared, asked, namespace)
        }
        ["api", "v1", "namespaces", namespace, "pods", name] if asked.method == Method::DELETE => {
            let grace = asked.body["gracePeriodSeconds"].as_i64();
            kubelet::end(shared, namespace, name, grace)
        }
        ["api", "v1", "namespaces", _, "pods", name, "log"] if get => log(shared, asked, name),
        ["api", "v1", kind] if get => read(shared, asked, kind, ""),
        ["api", "v1", kind, name] if get => one(shared, kind, "", name),
        ["api", "v1", "namespaces", namespace, kind] if get => read(shared, asked, kind, namespace),
        ["api", "v1", "namespaces", namespace, kind, name] if get => {
            one(shared, kind, namespace, name)
        }
        _ => {
            let message = "the server could not find the requested resource";
            answer::refusal(404, "NotFound", message)
        }
    }
}

fn known(kind: &str) -> Option<(&'static str, &'static str)> {
    KINDS.into_iter().find(|(plural, _)| *plural == kind)
}

fn one(shared: &Shared, kind: &str, namespace: &str, name: &str) -> Response<Body> {
    let store = lock(&shared.store);
    let found = known(kind).and_then(|(kind, _)| store.get(kind, namespace, name));
    found.map_or_else(
        || answer::not_found(kind, name),
        |object| answer::object(200, object),
    )
}

/// A list, or a watch.
fn read(shared: &Arc<Shared>, asked: &Asked, kind: &str, namespace: &str) -> Response<Body> {
    let Some((kind, word)) = known(kind) else {
        return answer::not_found(kind, "");
    };
    if asked.is_true("watch") {
        return watching::watch(shared, asked, (kind, word), namespace);
    }
    let store = lock(&shared.store);
    let (labels, fields) = (asked.value("labelSelector"), asked.value("fieldSelector"));
    let mut items = store.list(kind, namespace);
    items.retain(|item| is_selected(item, labels, fields));
    answer::list(word, store.version(), items)
}

fn namespace(shared: &Arc<Shared>, asked: &Asked) -> Response<Body> {
    let mut namespace = asked.body.clone();
    let name = name(&namespace);
    if lock(&shared.store).get("namespaces", "", &name).is_some() {
        return exists("namespaces", &name);
    }
    namespace["spec"] = json!({"finalizers": ["kubernetes"]});
    namespace["status"] = json!({"phase": "Active"});
    let made = shared.change(|store| store.put("namespaces", "", namespace));
    let (for_later, place) = (shared.clone(), name);
    shared.spawn(async move {
        tokio::time::sleep(ACCOUNT).await;
        for_later.change(|store| {
            let account = json!({"metadata": {"name": "default", "namespace": place}});
            store.put("serviceaccounts", &place, account)
        });
    });
    answer::object(201, &made)
}

fn pod(shared: &Arc<Shared>, asked: &Asked, namespace: &str) -> Response<Body> {
    let mut pod = asked.body.clone();
    let name = name(&pod);
    let (account, enforced) = {
        let store = lock(&shared.store);
        let Some(around) = store.get("namespaces", "", namespace) else {
            return answer::not_found("namespaces", namespace);
        };
        if !around["metadata"]["deletionTimestamp"].is_null() {
            let message = format!(
                "pods \"{name}\" is forbidden: unable to create new content in namespace \
                 {namespace} because it is being terminated"
            );
            return answer::refusal(403, "Forbidden", &message);
        }
        if store.get("pods", namespace, &name).is_some() {
            return exists("pods", &name);
        }
        let labels = &around["metadata"]["labels"];
        (
            store.get("serviceaccounts", namespace, "default").is_some(),
            labels["pod-security.kubernetes.io/enforce"] == "restricted",
        )
    };
    if !account {
        let message = format!(
            "pods \"{name}\" is forbidden: error looking up service account {namespace}/default: \
             serviceaccount \"default\" not found"
        );
        return answer::refusal(403, "Forbidden", &message);
    }
    if let Some(message) = admission::refuses(&pod).filter(|_| enforced) {
        return answer::refusal(403, "Forbidden", &message);
    }
    pod["status"] = json!({"phase": "Pending", "qosClass": "Burstable"});
    if asked.value("dryRun") == Some("All") {
        return answer::object(201, &pod);
    }
    let fault = shared.script.of_pod(shared.number("pods"));
    let made = kubelet::begin(shared, namespace, pod, fault);
    answer::object(201, &made)
}

fn exists(kind: &str, name: &str) -> Response<Body> {
    let message = format!("{kind} \"{name}\" already exists");
    answer::refusal(409, "AlreadyExists", &message)
}

fn log(shared: &Shared, asked: &Asked, pod: &str) -> Response<Body> {
    let container = asked.value("container").unwrap_or_default();
    let key = (pod.to_owned(), container.to_owned());
    let log = lock(&shared.logs).get(&key).cloned().unwrap_or_default();
    let tail = asked.value("tailLines").and_then(|text| text.parse().ok());
    let lines: Vec<&str> = log.lines().collect();
    let from = tail.map_or(0, |tail: usize| lines.len().saturating_sub(tail));
    answer::text(
        lines[from..]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect(),
    )
}

/// A piece of a body.
pub(super) fn piece(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
