//! A session at a daemon: images loaded, the probe in a volume, control groups with a parent of
//! their own.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use engine::clock::Clock;
use engine::{
    Blame, Container, Delivered, Delivery, Libexec, OpenRequest, Session, SessionError,
    SessionMemory, StartError, StartRequest, Verification,
};
use model::{Digest, PlatformFacts, PlatformName};
use rootfs::{Tree, TreePath};
use tokio::sync::Mutex;

use super::connection::Connection;
use super::images::{self, Held, told};
use super::names::Names;
use super::wanted::Ways;
use super::{facts, holder, starting, sweep, wanted};
use crate::closing::strike_out;
use crate::runtime::cgroup::{self, Cgroups};
use crate::runtime::members::Members;
use crate::runtime::memory::Mapped;
use crate::runtime::session::Alive;

/// An open session.
pub(super) struct DaemonSession {
    facts: PlatformFacts,
    pub(super) connection: Connection,
    pub(super) ways: Ways,
    pub(super) names: Names,
    pub(super) libexec: Libexec,
    scratch: Utf8PathBuf,
    pub(super) cgroups: Cgroups,
    pub(super) clock: Clock,
    pub(super) request: OpenRequest,
    images: Mutex<BTreeMap<String, Image>>,
    /// The image with the probe.
    pub(super) probe: Held,
    /// Containers that run.
    pub(super) alive: Alive,
}

/// A delivered image.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) held: Held,
    pub(super) delivered: Delivered,
    layout: Utf8PathBuf,
    manifest: Digest,
}

/// Opens a session: announces what it will make, then makes it.
pub(super) async fn open(
    name: &str,
    connection: Connection,
    request: OpenRequest,
) -> Result<Box<dyn Session>, SessionError> {
    let attempted = format!("open a session on {name}");
    let environment = |why: String| SessionError::environment(&attempted, why);
    let platform = PlatformName::new(name).map_err(|error| environment(error.to_string()))?;
    let names = Names::of(&request.run);
    let cgroups = Cgroups::look();
    let object = names.object(&connection.address);
    let mut objects = vec![
        ("folder", request.scratch.to_string()),
        ("daemon", object.clone()),
    ];
    if !connection.is_systemd() {
        objects.extend(["subjects", "holders"].map(|what| ("cgroup", names.parent(what, false))));
    }
    for (kind, object) in &objects {
        let intended = request.ledger.intend(kind, object);
        intended.map_err(|error| environment(error.to_string()))?;
    }
    fs_err::create_dir_all(&request.scratch).map_err(|error| environment(error.to_string()))?;
    let ways = Ways::of(connection.make(), &request.scratch);
    let ways = ways.map_err(|error| environment(error.to_string()))?;
    let probe = prepare(&connection, &names, &request).await;
    let session = DaemonSession {
        facts: facts::look(platform, &connection, &ways),
        names,
        libexec: request.libexec.clone(),
        scratch: request.scratch.clone(),
        cgroups,
        clock: request.clock,
        images: Mutex::default(),
        probe: match &probe {
            Ok(held) => held.clone(),
            Err(_) => Held { id: String::new() },
        },
        alive: Alive::default(),
        connection,
        ways,
        request,
    };
    match probe {
        Ok(_) => Ok(Box::new(session)),
        Err(why) => {
            let error = environment(why);
            match Box::new(session).close().await {
                Ok(()) => Err(error),
                Err(left) => Err(error.leaving(left.residue)),
            }
        }
    }
}

/// Loads the probe, fills the volume, and makes sure that the daemon's containers have this host's
/// clock: stamps of both are subtracted from each other.
async fn prepare(
    connection: &Connection,
    names: &Names,
    request: &OpenRequest,
) -> Result<Held, String> {
    let client = &connection.client;
    let probe = &request.libexec.probe;
    let held = images::load_probe(client, names, probe, &request.scratch).await?;
    let filler = images::create(client, "filler", names, wanted::filler(names, &held.id)).await?;
    client.start_container(&filler, None).await.map_err(told)?;
    let ended = starting::ended(client, &filler, Duration::from_secs(20)).await;
    holder::remove(client, &filler).await?;
    match ended? {
        Some(0) => {}
        other => return Err(format!("the probe does not run in a container: {other:?}")),
    }
    let parent = names.parent("holders", connection.is_systemd());
    let mut holder = holder::start(client, names, "clock", &held.id, parent).await?;
    let before = request.clock.monotonic().0;
    let read = holder.prober.clock().await;
    let after = request.clock.monotonic().0;
    holder::remove(client, &holder.id).await?;
    let inside = read?;
    if (before..=after).contains(&inside) {
        return Ok(held);
    }
    Err(format!(
        "its containers have another clock than this host ({inside} is not between {before} and \
         {after}): it is not this host's kernel that runs them"
    ))
}

impl DaemonSession {
    pub(super) async fn image(&self, label: &str) -> Option<Image> {
        self.images.lock().await.get(label).cloned()
    }

    pub(super) fn parent(&self, what: &str) -> String {
        self.names.parent(what, self.connection.is_systemd())
    }
}

#[async_trait]
impl Session for DaemonSession {
    fn facts(&self) -> &PlatformFacts {
        &self.facts
    }

    async fn deliver(&self, image: &Delivery) -> Result<Delivered, SessionError> {
        let attempted = format!("load {}", image.label);
        let client = &self.connection.client;
        let tag = self.names.image(&image.label);
        let archive = self.scratch.join(format!("{}.tar", image.label));
        let held = images::load(client, &image.layout, image.manifest, tag, &archive)
            .await
            .map_err(|why| SessionError::environment(attempted, why))?;
        let delivered = image.made();
        let image = Image {
            held,
            delivered: delivered.clone(),
            layout: image.layout.clone(),
            manifest: image.manifest,
        };
        let label = delivered.label.clone();
        self.images.lock().await.insert(label, image);
        Ok(delivered)
    }

    async fn start(&self, start: &StartRequest) -> Result<Box<dyn Container>, StartError> {
        starting::start(self, start).await
    }

    async fn memory(&self) -> Result<SessionMemory, SessionError> {
        let alive = self.alive.all();
        let mapped = Mapped::of(alive.values().flatten().flat_map(Members::pids));
        let known = alive.values().all(Option::is_some);
        let anonymous = mapped.anonymous.filter(|_| known);
        let parent = alive.values().flatten().find_map(Members::parent);
        let working_set_bytes = match parent {
            Some(parent) => self.cgroups.working_set(&parent, anonymous),
            None => alive.is_empty().then_some(0),
        };
        Ok(SessionMemory {
            working_set_bytes,
            pss_bytes: mapped.pss,
            containers: u32::try_from(alive.len()).unwrap_or(u32::MAX),
        })
    }

    async fn verify(&self, image: &Delivered) -> Result<Verification, SessionError> {
        let attempted = format!("verify {}", image.label);
        let found = self.image(&image.label).await;
        let known = found.ok_or_else(|| {
            SessionError::environment(&attempted, "it was not delivered").blamed_on(Blame::Harness)
        })?;
        let client = &self.connection.client;
        let fault = |why: String| SessionError::environment(&attempted, why);
        let held = images::files(client, &self.names, &known.held).await;
        let held = held.map_err(fault)?;
        let certified = certified(&known.layout, known.manifest).map_err(fault)?;
        let strange = strange(&certified, &held);
        if strange.is_empty() {
            return Ok(Verification::Untouched(certified.len() as u64));
        }
        Ok(Verification::Changed(strange))
    }

    async fn close(self: Box<Self>) -> Result<(), SessionError> {
        let attempted = format!("close the session on {}", self.facts.platform);
        let ledger = &self.request.ledger;
        let client = &self.connection.client;
        let object = self.names.object(&self.connection.address);
        let swept = sweep::all(client, &self.names).await.map(drop);
        let mut objects = vec![(object, swept)];
        if !self.connection.is_systemd() {
            for what in ["subjects", "holders"] {
                let parent = self.names.parent(what, false);
                let removed = cgroup::remove(&parent).map_err(|error| error.to_string());
                objects.push((parent, removed));
            }
        }
        let removed = crate::runtime::view::remove_all(&self.scratch);
        let removed = removed.map_err(|error| error.to_string());
        objects.push((self.scratch.to_string(), removed));
        strike_out(ledger, &attempted, objects)
    }
}

/// Paths that a daemon adds to every container whose image lacks them.
const ADDED: [&str; 14] = [
    "/.dockerenv",
    "/dev",
    "/dev/console",
    "/dev/pts",
    "/dev/shm",
    "/etc",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run",
    "/run/.containerenv",
    "/sys",
];

/// The certified tree, read from the layout again.
fn certified(layout: &Utf8Path, manifest: Digest) -> Result<Tree, String> {
    let reference: image::Reference = layout
        .as_str()
        .parse()
        .map_err(|error| format!("{error}"))?;
    let arch = model::Arch::host().ok_or("this architecture is unknown")?;
    let image = image::OciImage::open(&reference, arch, &image::Limits::standard());
    let image = image.map_err(|error| error.to_string())?;
    if image.manifest.digest() != manifest {
        return Err(format!("{layout} does not hold {manifest} any more"));
    }
    Ok(image.tree)
}

/// How what a daemon holds differs from the certified tree, beyond what it adds to every container.
fn strange(certified: &Tree, held: &Tree) -> Vec<String> {
    let diff = certified.diff(held);
    let added = diff.added.iter().filter(|path| !is_the_daemons(held, path));
    let added = added.map(|path| format!("{path}: new"));
    let removed = diff.removed.iter().map(|path| format!("{path}: gone"));
    let changed = diff.changed.iter().map(|change| {
        let fields: Vec<String> = change
            .fields
            .iter()
            .map(|field| format!("{field:?}"))
            .collect();
        format!("{}: {}", change.path, fields.join(", ").to_lowercase())
    });
    added.chain(removed).chain(changed).collect()
}

/// Whether a path that the image lacks is one that a daemon adds, and holds nothing.
fn is_the_daemons(held: &Tree, path: &TreePath) -> bool {
    let is_empty = match held.get(path).map(|entry| &entry.kind) {
        Some(rootfs::Kind::File(blob)) => blob.size() == 0,
        Some(rootfs::Kind::Directory) => true,
        _ => path.as_str() == "/etc/mtab",
    };
    is_empty && ADDED.contains(&path.as_str())
}
