//! A scripted cluster: an API server over HTTP on the loopback, with a kubelet that only pretends.
//!
//! It speaks the real protocol as far as a whole run needs it: versions, nodes, namespaces with their
//! slow end, pods with admission, phases, grace and finalizers, lists, watches with resource versions
//! and bookmarks, events, logs, and programs in containers over a WebSocket. What runs as it is: the
//! prober, as a process of this host that asks an application of the test's own. What is told instead
//! of run: documents of the probe about a container, and starts in place.
//!
//! It says of itself that it is scripted, in its version and in its node's.

mod admission;
mod answer;
mod inside;
mod kubelet;
mod serve;
mod store;
mod watching;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::script::Script;
use store::Store;

/// The only node.
pub(crate) const NODE: &str = "scripted-node";

/// What the probe says in a container.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    pub(crate) facts: Value,
    pub(crate) attempts: Value,
    pub(crate) hash: Value,
    pub(crate) memory: Value,
}

/// A cluster that serves until dropped.
pub(crate) struct Cluster {
    port: u16,
    shared: Arc<Shared>,
}

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `create pods`, `watch pods`, `exec facts`.
    pub(crate) what: String,
}

struct Shared {
    store: Mutex<Store>,
    /// Bumped at every change of the store.
    changed: watch::Sender<u64>,
    script: Script,
    calls: Mutex<Vec<Call>>,
    counts: Mutex<BTreeMap<&'static str, usize>>,
    /// What containers wrote, by pod and container.
    logs: Mutex<BTreeMap<(String, String), String>>,
    documents: Documents,
    probe: PathBuf,
    stop: CancellationToken,
}

/// One runtime for all clusters of the test program.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    })
}

impl Cluster {
    /// Serves on a free port; what goes wrong stands in `script`.
    pub(crate) fn start(script: Script, documents: Documents, probe: PathBuf) -> Self {
        let shared = Arc::new(Shared {
            store: Mutex::new(Store::new()),
            changed: watch::channel(0).0,
            script,
            calls: Mutex::default(),
            counts: Mutex::default(),
            logs: Mutex::default(),
            documents,
            probe,
            stop: CancellationToken::new(),
        });
        shared.change(|store| store.put("nodes", "", node()));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime().spawn(serve::listen(listener, shared.clone()));
        Self { port, shared }
    }

    /// What points a client at it.
    pub(crate) fn kubeconfig(&self) -> String {
        let document = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "scripted",
            "clusters": [{"name": "scripted",
                          "cluster": {"server": format!("http://127.0.0.1:{}", self.port)}}],
            "users": [{"name": "tester", "user": {"token": "scripted"}}],
            "contexts": [{"name": "scripted", "context": {"cluster": "scripted", "user": "tester"}}],
        });
        // JSON is YAML.
        document.to_string()
    }

    /// Every call so far, in the order in which they came.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// How often what the script counts has come: `pods`, `watched`, `programs`.
    pub(crate) fn count(&self, what: &str) -> usize {
        lock(&self.shared.counts).get(what).copied().unwrap_or(0)
    }

    /// Whether the script's fault was met, and what was said with it.
    pub(crate) fn met(&self) -> Option<String> {
        self.shared.script.met()
    }

    /// Names of the namespaces and pods that are there.
    pub(crate) fn left(&self) -> Vec<String> {
        lock(&self.shared.store).names(&["namespaces", "pods"])
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl Shared {
    /// Changes the store and tells every watch.
    fn change<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = lock(&self.store);
        let done = change(&mut store);
        let version = store.version();
        drop(store);
        self.changed.send_replace(version);
        done
    }

    /// The number of this occurrence of `what`, from 0.
    fn number(&self, what: &'static str) -> usize {
        let mut counts = lock(&self.counts);
        let count = counts.entry(what).or_default();
        *count += 1;
        *count - 1
    }

    /// Adds a line to what a container wrote.
    fn write(&self, pod: &str, container: &str, line: &str) {
        let key = (pod.to_owned(), container.to_owned());
        let mut logs = lock(&self.logs);
        let log = logs.entry(key).or_default();
        log.push_str(line);
        log.push('\n');
    }

    /// Runs beside the requests, until the cluster is dropped.
    fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// A holder that panicked has failed its test already.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn node() -> Value {
    let condition = |kind: &str, status: &str| {
        json!({"type": kind, "status": status, "reason": "Scripted", "message": "",
               "lastTransitionTime": answer::now(), "lastHeartbeatTime": answer::now()})
    };
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": NODE, "labels": {"kubernetes.io/os": "linux"}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "2", "memory": "8Gi", "pods": "110"},
            "conditions": [condition("MemoryPressure", "False"), condition("Ready", "True")],
            "nodeInfo": {
                "architecture": std::env::consts::ARCH, "bootID": "scripted",
                "containerRuntimeVersion": "scripted://1", "kernelVersion": "scripted",
                "kubeProxyVersion": "", "kubeletVersion": answer::VERSION, "machineID": "scripted",
                "operatingSystem": "linux", "osImage": "a scripted node, no real one",
                "systemUUID": "scripted",
            },
        },
    })
}
