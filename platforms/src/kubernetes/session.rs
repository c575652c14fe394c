//! A session in a cluster: a namespace of its own, one node, one watch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::Clock;
use engine::{
    Blame, Container, Delivered, Delivery, InTurn, LapError, OpenRequest, Policy, Session,
    SessionError, SessionMemory, StartError, StartRequest, Verification,
};
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod};
use kube::Api;
use kube::api::PostParams;
use model::PlatformFacts;
use tokio::sync::Mutex;

use super::call::{self, Kind};
use super::cluster::Cluster;
use super::inside::Inside;
use super::names;
use super::pods::Pods;
use super::supply::Supply;
use super::wanted::{self, Ground, Reference};
use super::{container, laps, pace, starting, sweep};
use crate::closing::strike_out;
use crate::probe_image;

/// The policy that our namespaces ask for.
const STANDARD: &str = "Pod Security restricted:latest";
/// Pods asked for their memory at the same time.
const AT_ONCE: usize = 4;
/// How long a namespace may be there before anybody may take it for forgotten.
const LIFETIME: Duration = Duration::from_secs(6 * 3600);

/// What a session is opened with, beside the request.
pub(crate) struct Opening {
    pub(crate) cluster: Cluster,
    pub(crate) supply: Box<dyn Supply>,
    /// Where everything runs.
    pub(crate) node: String,
    /// A namespace that is there and stays; one of the run's own is made without it.
    pub(crate) namespace: Option<String>,
    /// The RuntimeClass of measured pods, if it is not the cluster's default.
    pub(crate) runtime_class: Option<String>,
    /// What the cluster is, without what a session finds out.
    pub(crate) facts: PlatformFacts,
    /// What the ledger calls the kind of the next two: by it a sweep finds the cluster again.
    pub(crate) kind: &'static str,
    /// The namespace, as the ledger names it.
    pub(crate) object: String,
    /// What the supply makes outside the namespace, as the ledger names it.
    pub(crate) outside: Vec<String>,
    /// What comes after the session's own end, where more was made for it than a session.
    pub(crate) afterwards: Option<Box<dyn Afterwards>>,
}

/// The end of what was made for a session before it was opened.
#[async_trait]
pub(crate) trait Afterwards: Send + Sync {
    /// Takes it away after the session ended so; says what is left then.
    async fn after(&self, closed: Result<(), SessionError>) -> Result<(), SessionError>;
}

/// An open session.
pub(crate) struct PodSession {
    facts: PlatformFacts,
    /// Whether the namespace was there, and stays.
    pub(crate) is_shared: bool,
    cluster: Cluster,
    supply: Box<dyn Supply>,
    pub(crate) api: Api<Pod>,
    pub(crate) events: Api<Event>,
    pub(crate) pods: Arc<Pods>,
    pub(crate) ground: Ground,
    pub(crate) clock: Clock,
    pub(crate) request: OpenRequest,
    pub(crate) alive: Alive,
    /// What was found of the cluster's policy.
    pub(crate) policy: Policy,
    images: Mutex<BTreeMap<String, Image>>,
    /// The namespace and what lies outside it, as the ledger names them.
    object: String,
    outside: Vec<String>,
    afterwards: Option<Box<dyn Afterwards>>,
}

/// A delivered image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) reference: Reference,
    pub(crate) delivered: Delivered,
    /// Pods that were seen to run exactly it, on the planned node, once.
    pub(crate) confirmed: Arc<AtomicU64>,
}

/// Names of the pods of a session that run, shared with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alive(Arc<std::sync::Mutex<BTreeSet<String>>>);

impl Alive {
    pub(crate) fn note(&self, name: &str) {
        if let Ok(mut all) = self.0.lock() {
            all.insert(name.to_owned());
        }
    }

    pub(crate) fn forget(&self, name: &str) {
        if let Ok(mut all) = self.0.lock() {
            all.remove(name);
        }
    }

    fn all(&self) -> Vec<String> {
        let all = self.0.lock().map(|all| all.clone()).unwrap_or_default();
        all.into_iter().collect()
    }
}

/// Opens a session: announces what it will make, then makes it.
pub(crate) async fn open(
    opening: Opening,
    request: OpenRequest,
) -> Result<Box<dyn Session>, SessionError> {
    let attempted = format!("open a session on {}", opening.facts.platform);
    let environment = |why: String| SessionError::environment(&attempted, why);
    let standing = pace::standing().map_err(environment)?;
    let scratch = ("folder", request.scratch.as_str());
    let own = opening.outside.iter().chain([&opening.object]);
    let own = own.map(|object| (opening.kind, object.as_str()));
    for (kind, object) in std::iter::once(scratch).chain(own) {
        let intended = request.ledger.intend(kind, object);
        intended.map_err(|error| environment(error.to_string()))?;
    }
    let own = names::namespace(&request.run);
    let namespace = opening.namespace.clone().unwrap_or(own);
    let client = opening.cluster.client.clone();
    let api = Api::namespaced(client.clone(), &namespace);
    let mut session = PodSession {
        pods: Arc::new(Pods::watch(api.clone(), &request.run)),
        is_shared: opening.namespace.is_some(),
        events: Api::namespaced(client, &namespace),
        ground: Ground {
            run: request.run.clone(),
            namespace,
            node: opening.node,
            runtime_class: opening.runtime_class,
            probe: Reference {
                name: names::image(&request.run, "probe"),
                pull: "Never",
                digests: Vec::new(),
            },
        },
        facts: PlatformFacts {
            standing,
            ..opening.facts
        },
        cluster: opening.cluster,
        supply: opening.supply,
        api,
        clock: request.clock,
        alive: Alive::default(),
        policy: Policy {
            standard: STANDARD.to_owned(),
            enforced: false,
            words: "not tried".to_owned(),
        },
        images: Mutex::default(),
        object: opening.object,
        outside: opening.outside,
        afterwards: opening.afterwards,
        request,
    };
    match session.prepare().await {
        Ok(()) => Ok(Box::new(session)),
        Err(why) => {
            let error = environment(why);
            match Box::new(session).close().await {
                Ok(()) => Err(error),
                Err(left) => Err(error.leaving(left.residue)),
            }
        }
    }
}

impl PodSession {
    async fn image(&self, label: &str) -> Option<Image> {
        self.images.lock().await.get(label).cloned()
    }

    /// A delivered image.
    pub(crate) async fn delivered(
        &self,
        attempted: &str,
        label: &str,
    ) -> Result<Image, SessionError> {
        let image = self.image(label).await;
        image.ok_or_else(|| {
            SessionError::environment(attempted, "its image was not delivered")
                .blamed_on(Blame::Harness)
        })
    }

    /// Brings the probe to the node, makes the namespace, and makes sure that the cluster enforces
    /// there what the namespace asks for.
    async fn prepare(&mut self) -> Result<(), String> {
        let scratch = &self.request.scratch;
        fs_err::create_dir_all(scratch).map_err(|error| error.to_string())?;
        let layout = scratch.join("probe-image");
        let manifest = probe_image::write(&self.request.libexec.probe, &layout).await?;
        let (node, name) = (&self.ground.node, &self.ground.probe.name);
        let archive = scratch.join("probe.tar");
        let delivered = self
            .supply
            .deliver(node, &layout, manifest, name, &archive)
            .await;
        self.ground.probe = delivered?;
        if !self.is_shared {
            self.make_namespace().await?;
        }
        self.policy = self.enforcement().await?;
        Ok(())
    }

    /// The name of the pod of a start.
    pub(crate) fn pod_name(&self, start: &str) -> String {
        if self.is_shared {
            format!("{}-{start}", self.ground.run)
        } else {
            start.to_owned()
        }
    }

    async fn make_namespace(&self) -> Result<(), String> {
        let expires = self.request.clock.utc() + LIFETIME;
        let ground = &self.ground;
        let wanted = wanted::namespace(&ground.run, &ground.namespace, &expires.to_string());
        let wanted = wanted.map_err(|error| error.to_string())?;
        let namespaces: Api<Namespace> = Api::all(self.cluster.client.clone());
        let made = call::create(self.clock, "make the namespace", &namespaces, &wanted);
        made.await.map(drop).map_err(|error| match error.kind {
            Kind::Forbidden => format!(
                "{error}; `certify rbac` prints a namespace and a role for an administrator to make, \
                 and `clusters` in certify.yaml names it"
            ),
            _ => error.to_string(),
        })
    }

    /// Asks for a privileged pod, without making it: a cluster that enforces `restricted` refuses.
    async fn enforcement(&self) -> Result<Policy, String> {
        let pod = wanted::forbidden(&self.ground, "privileged");
        let pod = pod.map_err(|error| error.to_string())?;
        let params = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        let asked = call::insist(self.clock, "try a privileged pod", || {
            self.api.create(&params, &pod)
        });
        let (enforced, words) = match asked.await {
            Ok(_) => {
                let words = "a privileged pod was admitted in a namespace that asks for it";
                (false, words.to_owned())
            }
            Err(error) if error.kind == Kind::Forbidden => (true, error.why),
            Err(error) => return Err(error.to_string()),
        };
        Ok(Policy {
            standard: STANDARD.to_owned(),
            enforced,
            words,
        })
    }

    async fn clear(&self) -> Result<(), String> {
        let (cluster, name) = (&self.cluster, &self.ground.namespace);
        if self.is_shared {
            sweep::pods(self.clock, cluster, name, &self.ground.run).await
        } else {
            sweep::namespace(self.clock, cluster, name).await
        }
    }
}

#[async_trait]
impl Session for PodSession {
    fn facts(&self) -> &PlatformFacts {
        &self.facts
    }

    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError> {
        let attempted = format!("deliver {}", image.label);
        let name = names::image(&self.request.run, &image.label);
        let archive = self.request.scratch.join(format!("{}.tar", image.label));
        let (node, manifest) = (&self.ground.node, image.manifest);
        let delivered = self
            .supply
            .deliver(node, &image.layout, manifest, &name, &archive);
        let reference = delivered
            .await
            .map_err(|why| SessionError::environment(attempted, why))?;
        let delivered = image.made();
        let image = Image {
            reference,
            delivered: delivered.clone(),
            confirmed: Arc::default(),
        };
        let label = delivered.label.clone();
        self.images.lock().await.insert(label, image);
        Ok(delivered)
    }

    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError> {
        starting::start(self, start).await
    }

    fn takes_turns(&self) -> bool {
        true
    }

    async fn in_turn(&self, lap: &[StartRequest]) -> Result<Vec<InTurn>, LapError> {
        laps::run(self, lap).await
    }

    async fn memory(&self) -> Result<SessionMemory, SessionError> {
        let alive = self.alive.all();
        let containers = u32::try_from(alive.len()).unwrap_or(u32::MAX);
        let readings = alive.into_iter().map(|pod| async move {
            let inside = Inside {
                clock: self.clock,
                api: &self.api,
                pods: &self.pods,
                pod: &pod,
                container: names::SUBJECT,
            };
            container::memory(inside)
                .await
                .map_err(|why| SessionError::environment(format!("read the memory of {pod}"), why))
        });
        let mut readings = futures::stream::iter(readings).buffer_unordered(AT_ONCE);
        let mut pss_bytes = 0;
        while let Some(memory) = readings.next().await {
            pss_bytes += memory?.pss_bytes;
        }
        Ok(SessionMemory {
            working_set_bytes: None,
            pss_bytes,
            containers,
        })
    }

    /// Nodes keep images by their digests, and what a pod ran is compared with the certified ones at
    /// every start ([`super::state::impostor`]): counted are the pods that ran exactly them. The tree
    /// itself is compared inside a container, by the suite that looks for drift.
    async fn verify(&self, image: &Delivered) -> Result<Verification, SessionError> {
        match self.image(&image.label).await {
            Some(known) => {
                let confirmed = known.confirmed.load(Ordering::Relaxed);
                Ok(Verification::Untouched(confirmed))
            }
            None => {
                let attempted = format!("verify {}", image.label);
                let error = SessionError::environment(attempted, "it was not delivered");
                Err(error.blamed_on(Blame::Harness))
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), SessionError> {
        let attempted = format!("close the session on {}", self.facts.platform);
        let cleared = self.clear().await;
        let removed = self.supply.remove().await;
        let scratch = &self.request.scratch;
        let folder = crate::runtime::view::remove_all(scratch).map_err(|error| error.to_string());
        let outside = self.outside.iter().cloned();
        let mut objects = vec![
            (self.object.clone(), cleared),
            (scratch.to_string(), folder),
        ];
        objects.extend(outside.map(|object| (object, removed.clone())));
        let closed = strike_out(&self.request.ledger, &attempted, objects);
        match &self.afterwards {
            None => closed,
            Some(more) => more.after(closed).await,
        }
    }
}
