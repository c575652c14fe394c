//! A session of this driver: delivered trees, containers, one parent control group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use engine::clock::Clock;
use engine::{
    Blame, Container, Delivered, Delivery, Libexec, OpenRequest, Session, SessionError,
    SessionMemory, StartError, StartRequest, Verification,
};
use model::{Digest, PlatformFacts};
use tokio::sync::Mutex;

use super::cgroup::{self, Cgroups};
use super::kept_trees::KeptTrees;
use super::laying::{Laid, told};
use super::members::Members;
use super::memory::Mapped;
use super::overlay::unmount_below;
use super::starting::{self, Place};
use super::view::remove_all;
use super::waiting::become_subreaper;
use super::{Privilege, Runtime, facts};
use crate::closing::strike_out;

/// An open session.
pub(crate) struct OciSession {
    pub(crate) facts: PlatformFacts,
    pub(crate) runtime: Runtime,
    pub(crate) libexec: Libexec,
    pub(crate) scratch: Utf8PathBuf,
    pub(crate) state: Utf8PathBuf,
    pub(crate) cgroups: Cgroups,
    pub(crate) privilege: Privilege,
    /// Parent of all control groups of this session.
    pub(crate) cgroup: String,
    pub(crate) clock: Clock,
    pub(crate) request: OpenRequest,
    pub(crate) trees: Mutex<BTreeMap<String, Tree>>,
    /// Where trees are kept between sessions, if they are.
    pub(crate) kept: Option<KeptTrees>,
    /// Containers that run.
    pub(crate) alive: Alive,
}

/// The containers of a session that run, shared with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alive(Arc<std::sync::Mutex<BTreeMap<String, Option<Members>>>>);

impl Alive {
    /// Notes a container, whose processes may not be known yet.
    pub(crate) fn note(&self, name: &str, members: Option<Members>) {
        if let Ok(mut all) = self.0.lock() {
            all.insert(name.to_owned(), members);
        }
    }

    /// Forgets a container that is gone.
    pub(crate) fn forget(&self, name: &str) {
        if let Ok(mut all) = self.0.lock() {
            all.remove(name);
        }
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Option<Members>> {
        self.0.lock().map(|all| all.clone()).unwrap_or_default()
    }
}

/// A delivered tree.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) manifest: Digest,
    pub(crate) delivered: Delivered,
    pub(crate) laid: Arc<Laid>,
}

/// Opens a session: announces what it will make, then makes it.
pub(crate) async fn open(
    name: &str,
    program: &Utf8Path,
    request: OpenRequest,
) -> Result<Box<dyn Session>, SessionError> {
    let attempted = format!("open a session on {name}");
    let environment = |why: String| SessionError::environment(&attempted, why);
    let runtime = Runtime::look(program, &request.libexec.launch).await?;
    let privilege = Privilege::look(&runtime).await?;
    become_subreaper().map_err(environment)?;
    let cgroups = Cgroups::look();
    let cgroup = format!("/certify-{}-{name}", request.run);
    let scratch = request.scratch.clone();
    let state = scratch.join("state");
    let intend = |kind: &str, object: &str| {
        request
            .ledger
            .intend(kind, object)
            .map_err(|error| environment(error.to_string()))
    };
    intend("folder", scratch.as_str())?;
    if privilege == Privilege::Root {
        intend("cgroup", &cgroup)?;
    }
    intend("containers", &containers_object(&runtime, &state))?;
    fs_err::create_dir_all(&state).map_err(|error| environment(error.to_string()))?;
    let facts = facts::look(name, &runtime, &cgroups, &privilege);
    // A normal user's trees have other owners than the image says, so they cannot be compared with
    // it.
    let kept = match (&request.cache, &privilege) {
        (Some(cache), Privilege::Root) => KeptTrees::of(cache)
            .inspect_err(|error| tracing::warn!("no tree is kept below {cache}: {error}"))
            .ok(),
        _ => None,
    };
    Ok(Box::new(OciSession {
        facts,
        runtime,
        libexec: request.libexec.clone(),
        state,
        scratch,
        cgroups,
        privilege,
        cgroup,
        clock: request.clock,
        trees: Mutex::default(),
        kept,
        alive: Alive::default(),
        request,
    }))
}

/// The name under which all containers of a session stand in the ledger.
fn containers_object(runtime: &Runtime, state: &Utf8Path) -> String {
    format!("{} --root {state}", runtime.words())
}

#[async_trait]
impl Session for OciSession {
    fn facts(&self) -> &PlatformFacts {
        &self.facts
    }

    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError> {
        // Trees are only read, so images of one manifest may share one: the baseline of a control
        // is often a subject.
        let there = {
            let trees = self.trees.lock().await;
            let same = |tree: &&Tree| tree.manifest == image.manifest;
            trees.values().find(same).cloned()
        };
        let laid = match there {
            Some(tree) => tree.laid,
            None => Arc::new(self.lay(image).await?),
        };
        let delivered = Delivered {
            label: image.label.clone(),
            recipe: image.recipe.clone(),
            tree: image.tree,
            origin: laid.origin,
        };
        let tree = Tree {
            manifest: image.manifest,
            delivered: delivered.clone(),
            laid,
        };
        self.trees.lock().await.insert(image.label.clone(), tree);
        Ok(delivered)
    }

    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError> {
        let tree = self
            .trees
            .lock()
            .await
            .get(&start.image)
            .cloned()
            .ok_or_else(|| {
                SessionError::environment(
                    format!("start {}", start.name),
                    "its image was not delivered",
                )
                .blamed_on(Blame::Harness)
            })?;
        starting::start(self, &Place::of(self, &start.name), &tree, start).await
    }

    async fn memory(&self) -> Result<SessionMemory, SessionError> {
        let alive = self.alive.all();
        let mapped = Mapped::of(alive.values().flatten().flat_map(Members::pids));
        // The parent group's own reading: one number at one moment, with what ended containers left.
        let working_set_bytes = match self.privilege {
            // The first container makes the group.
            Privilege::Root => {
                let none = || alive.is_empty().then_some(0);
                let known = alive.values().all(Option::is_some);
                let anonymous = mapped.anonymous.filter(|_| known);
                self.cgroups
                    .working_set(&self.cgroup, anonymous)
                    .or_else(none)
            }
            Privilege::Normal { .. } => None,
        };
        Ok(SessionMemory {
            working_set_bytes,
            pss_bytes: mapped.pss,
            containers: u32::try_from(alive.len()).unwrap_or(u32::MAX),
        })
    }

    async fn verify(&self, image: &Delivered) -> Result<Verification, SessionError> {
        let attempted = format!("verify {}", image.label);
        let tree = self
            .trees
            .lock()
            .await
            .get(&image.label)
            .cloned()
            .ok_or_else(|| {
                SessionError::environment(&attempted, "it was not delivered")
                    .blamed_on(Blame::Harness)
            })?;
        let folder = tree.laid.folder.clone();
        let now = tokio::task::spawn_blocking(move || image::rehash(folder.as_std_path()))
            .await
            .map_err(|error| SessionError::environment(&attempted, error))?
            .map_err(|error| SessionError::environment(&attempted, told(error)))?;
        if now.digest() == tree.laid.digest {
            return Ok(Verification::Untouched(tree.laid.entries));
        }
        Ok(Verification::Changed(vec![tree.laid.folder.to_string()]))
    }

    async fn close(self: Box<Self>) -> Result<(), SessionError> {
        let attempted = format!("close the session on {}", self.facts.platform);
        let ledger = &self.request.ledger;
        let mut objects = vec![(
            containers_object(&self.runtime, &self.state),
            close_containers(&self).await,
        )];
        if self.privilege == Privilege::Root {
            let removed = patiently(self.clock, || cgroup::remove(&self.cgroup)).await;
            objects.push((self.cgroup.clone(), removed));
        }
        for folder in self.loose().await {
            let removed = remove_all(&folder).map_err(|error| error.to_string());
            objects.push((folder.to_string(), removed));
        }
        objects.push((self.scratch.to_string(), clear(&self.scratch)));
        strike_out(ledger, &attempted, objects)
    }
}

/// Deletes containers that were not stopped.
async fn close_containers(session: &OciSession) -> Result<(), String> {
    for name in session.alive.all().into_keys() {
        super::container::delete(&session.runtime, &session.state, &name).await?;
    }
    Ok(())
}

fn clear(scratch: &Utf8Path) -> Result<(), String> {
    unmount_below(scratch)
        .and_then(|_| remove_trees(&scratch.join("trees")))
        .and_then(|()| remove_all(scratch))
        .map_err(|error| error.to_string())
}

/// Removes the trees side by side; each is thousands of files.
fn remove_trees(trees: &Utf8Path) -> std::io::Result<()> {
    let Ok(entries) = trees.read_dir_utf8() else {
        return Ok(());
    };
    let folders: Vec<Utf8PathBuf> = entries
        .map(|entry| Ok(entry?.into_path()))
        .collect::<std::io::Result<_>>()?;
    std::thread::scope(|scope| {
        let removals: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(|| remove_all(folder)))
            .collect();
        removals.into_iter().try_for_each(|removal| {
            removal
                .join()
                .unwrap_or_else(|_| Err(std::io::Error::other("a thread that removes panicked")))
        })
    })
}

/// A control group can be busy for a moment after its last process ended.
async fn patiently(clock: Clock, attempt: impl Fn() -> std::io::Result<()>) -> Result<(), String> {
    use engine::wait::{Deadline, Poll, until};
    let deadline = Deadline::after(clock, Duration::from_secs(2));
    until(
        clock,
        "removal of the control group",
        Duration::from_millis(10),
        deadline,
        || match attempt() {
            Ok(()) => Poll::Ready(()),
            Err(error) => Poll::NotYet(error.to_string()),
        },
    )
    .await
    .map_err(|error| error.to_string())
}
