//! What every platform of this crate must do.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use engine::{
    Container, Delivered, Delivery, Exit, Inspection, Killed, Platform, Session, SmokeReply,
    Stamper, StartError, StartRequest, TreeOrigin, Verification,
};
use futures::FutureExt;
use model::{RunId, SmokeRequest};

use crate::ground::{PATIENCE, close, delivery, hello, request};

/// What kind of platform it is.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A runtime of this crate's own driver, whose trees lie in folders.
    Runtime,
    /// A daemon with an image store of its own.
    Daemon,
}

/// All of it, in one session, which must leave nothing.
pub async fn all(platform: &dyn Platform, kind: Kind, folder: &Utf8Path, work: &Utf8Path) {
    // Batteries run at the same time, and each looks for what carries its own name; the end of the
    // name keeps `oci` from finding what `oci-runc` still has.
    let own = work.file_name().unwrap();
    let run = RunId::new(format!("test{}-{own}-end", std::process::id())).unwrap();
    let request = request(folder, work, &run);
    let ledger = request.ledger.clone();
    let scratch = request.scratch.clone();
    let session = platform.open(request).await.unwrap();
    assert!(!ledger.left().is_empty(), "announced before it is made");
    let facts = session.facts();
    assert_eq!(facts.platform.as_str(), platform.name());
    for key in [
        "kernel.release",
        "runtime.version",
        "cgroup.mode",
        "lsm",
        "privilege",
    ] {
        assert!(facts.facts.contains_key(key), "{key}");
    }
    let deliveries = ["polite", "stubborn", "broken"].map(|how| delivery(folder, work, how));
    let lying = Lying {
        work,
        scratch: &scratch,
    };
    let checks = checks(session.as_ref(), kind, &deliveries, &lying);
    let checked = AssertUnwindSafe(checks).catch_unwind().await;
    close(session, &ledger, checked).await;
    assert!(!scratch.exists());
    leaves_nothing(&run, &scratch);
    if kind == Kind::Runtime {
        keeps_trees_and_lays_touched_ones_anew(platform, folder, work, &deliveries).await;
        finishes(folder, work).await;
    }
}

async fn checks(session: &dyn Session, kind: Kind, deliveries: &[Delivery], lying: &Lying<'_>) {
    let mut images = Vec::new();
    for delivery in deliveries {
        images.push(session.deliver(delivery).await.unwrap());
    }
    if kind == Kind::Runtime {
        one_tree_for_equal_images(session, &deliveries[0], lying).await;
    }
    runs_and_stops(session).await;
    two_at_once(session).await;
    kills_without_asking(session).await;
    kills_the_stubborn(session).await;
    says_why_not_ready(session).await;
    // Left running: closing takes it too.
    let forgotten = start(session, "polite", "forgotten").await;
    drop(forgotten);
    untouched(session, &images).await;
    if kind == Kind::Runtime {
        touched(session, &deliveries[2], &images[2], lying).await;
    }
}

/// Where trees lie: kept ones in the cache, those of a normal user in the session's own folder.
struct Lying<'a> {
    work: &'a Utf8Path,
    scratch: &'a Utf8Path,
}

impl Lying<'_> {
    fn tree(&self, delivery: &Delivery) -> Utf8PathBuf {
        let kept = self.work.join("cache/trees").join(delivery.manifest.hex());
        if kept.exists() {
            return kept.join("root");
        }
        self.scratch.join("trees").join(&delivery.label)
    }
}

/// Images once more, in a session of its own: a kept tree is used, one that was touched is not.
async fn keeps_trees_and_lays_touched_ones_anew(
    platform: &dyn Platform,
    folder: &Utf8Path,
    work: &Utf8Path,
    deliveries: &[Delivery],
) {
    let own = work.file_name().unwrap();
    let run = RunId::new(format!("again{}-{own}-end", std::process::id())).unwrap();
    fs_err::remove_file(work.join("journal")).unwrap();
    let request = request(folder, work, &run);
    let scratch = request.scratch.clone();
    let session = platform.open(request).await.unwrap();
    let kept = work.join("cache/trees");
    let (intact, touched) = (&deliveries[0], &deliveries[2]);
    let first = session.deliver(intact).await.unwrap();
    let second = session.deliver(touched).await.unwrap();
    let verified = session.verify(&second).await.unwrap();
    let lying = Lying {
        work,
        scratch: &scratch,
    };
    let is_touched = lying.tree(touched).join("new").exists();
    session.close().await.unwrap();
    // A normal user keeps none.
    let of_first = if kept.exists() {
        TreeOrigin::Kept
    } else {
        TreeOrigin::Made
    };
    assert_eq!(first.origin, of_first);
    assert_eq!(second.origin, TreeOrigin::Made);
    assert!(
        matches!(verified, Verification::Untouched(_)),
        "{verified:?}"
    );
    assert!(!is_touched);
    // Of what was kept, nothing is half laid.
    let names = kept.read_dir_utf8().into_iter().flatten();
    for entry in names.map(Result::unwrap) {
        assert!(!entry.file_name().starts_with("part-"), "{}", entry.path());
    }
}

async fn start(session: &dyn Session, image: &str, name: &str) -> Box<dyn Container> {
    session.start(&wanted(image, name)).await.unwrap()
}

fn wanted(image: &str, name: &str) -> StartRequest {
    StartRequest {
        image: image.to_owned(),
        name: name.to_owned(),
        stamper: Stamper::InFront,
        ready_within: PATIENCE,
    }
}

async fn one_tree_for_equal_images(session: &dyn Session, there: &Delivery, lying: &Lying<'_>) {
    let trees = || {
        let places = [lying.scratch.join("trees"), lying.work.join("cache/trees")];
        let counts = places.map(|place| place.read_dir_utf8().into_iter().flatten().count());
        counts.iter().sum::<usize>()
    };
    let before = trees();
    let again = Delivery {
        label: "again".to_owned(),
        ..there.clone()
    };
    session.deliver(&again).await.unwrap();
    assert_eq!(trees(), before);
    let container = start(session, "again", "again").await;
    container.kill().await.unwrap();
}

async fn runs_and_stops(session: &dyn Session) {
    let container = start(session, "polite", "first").await;
    let stamps = *container.stamps();
    let first = stamps.first_instruction.expect("the stamper ran");
    assert!(
        stamps.requested < first && first < stamps.ready,
        "{stamps:?}"
    );
    assert!(stamps.requested < stamps.started, "{stamps:?}");
    assert_eq!(container.output().await, "listening");
    let right = SmokeRequest::Http(hello(8080));
    assert_eq!(container.request(&right).await.unwrap(), SmokeReply::Right);
    let mut other = hello(8080);
    other.status = 404;
    let reply = container.request(&SmokeRequest::Http(other)).await.unwrap();
    assert!(matches!(reply, SmokeReply::Wrong(_)), "{reply:?}");
    measures(session, container.as_ref()).await;
    looks(container.as_ref()).await;
    assert_eq!(container.exit().await, None);
    let stopped = container.stop().await.unwrap().unwrap();
    assert_eq!((stopped.exit, stopped.killed), (Exit::Code(0), Killed::No));
}

async fn measures(session: &dyn Session, container: &dyn Container) {
    let rootless = session
        .facts()
        .cannot_measure
        .contains_key("working_set_bytes");
    let one = container.memory().await.unwrap();
    assert_eq!(one.processes, 1);
    assert!(one.pss_bytes > 0 && one.pss_anon_bytes.unwrap() <= one.pss_bytes);
    assert_eq!(one.working_set_bytes.is_none(), rootless, "{one:?}");
    let all = session.memory().await.unwrap();
    assert_eq!(all.containers, 1);
    assert!(all.pss_bytes > 0);
    assert_eq!(all.working_set_bytes.is_none(), rootless, "{all:?}");
}

/// Kernel truth from the probe: the identity, the filter, the read-only root.
async fn looks(container: &dyn Container) {
    let facts = container.inspect(&Inspection::Facts).await.unwrap();
    let facts: probe::Facts = serde_json::from_value(facts).unwrap();
    let text = serde_json::to_string(&facts.status).unwrap();
    assert!(text.contains("65532"), "{text}");
    let hash = container.inspect(&Inspection::Hash).await.unwrap();
    let hash: probe::Tree = serde_json::from_value(hash).unwrap();
    assert!(serde_json::to_string(&hash).unwrap().contains("/server"));
    let ask = serde_json::json!({"execute": ["/bin/sh", "/server"], "walk": true});
    let tried = container.inspect(&Inspection::Attempts(ask)).await.unwrap();
    let tried: probe::Attempts = serde_json::from_value(tried).unwrap();
    assert_eq!(tried.identity.uids, [65532; 3]);
    assert_eq!(tried.identity.capabilities, 0);
    assert!(tried.identity.no_new_privs);
    // Only root is shown a filter by the kernel; for others the runtime tells which it installed.
    let carried = if rustix::process::geteuid().is_root() {
        probe::SeccompCarried::Copied(1)
    } else {
        probe::SeccompCarried::Given(1)
    };
    assert_eq!(tried.identity.seccomp, carried);
    let directories = tried.directories.unwrap();
    let mut writable: Vec<&str> = directories
        .writable
        .iter()
        .map(|d| d.path.as_str())
        .collect();
    writable.sort_unstable();
    assert_eq!(writable, ["/dev/shm", "/tmp"], "the image declares /tmp");
    for call in [&tried.calls.new_user_namespace, &tried.calls.mount] {
        assert_eq!(call.result, probe::Permitted::Refused, "{call:?}");
    }
}

/// Each has a network of its own, so both may use the same port.
async fn two_at_once(session: &dyn Session) {
    let one = start(session, "polite", "one").await;
    let two = start(session, "polite", "two").await;
    assert_eq!(session.memory().await.unwrap().containers, 2);
    for container in [one, two] {
        assert_eq!(container.stop().await.unwrap().unwrap().killed, Killed::No);
    }
    assert_eq!(session.memory().await.unwrap().containers, 0);
}

async fn kills_without_asking(session: &dyn Session) {
    let container = start(session, "stubborn", "unasked").await;
    container.kill().await.unwrap();
    assert_eq!(session.memory().await.unwrap().containers, 0);
}

async fn kills_the_stubborn(session: &dyn Session) {
    let container = start(session, "stubborn", "stubborn").await;
    let stopped = container.stop().await.unwrap().unwrap();
    assert_eq!(
        (stopped.exit, stopped.killed),
        (Exit::Signal(9), Killed::Yes)
    );
    assert!(stopped.took >= Duration::from_millis(500));
}

async fn says_why_not_ready(session: &dyn Session) {
    match session.start(&wanted("broken", "broken")).await {
        Err(StartError::NotReady { why, output, .. }) => {
            assert!(why.contains("Code(9)"), "{why}");
            assert_eq!(output, "cannot read its configuration");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
    let absent = session.start(&wanted("nothing", "nothing")).await;
    assert!(matches!(absent, Err(StartError::Session(_))));
}

async fn untouched(session: &dyn Session, images: &[Delivered]) {
    for image in images {
        let verified = session.verify(image).await.unwrap();
        assert!(
            matches!(verified, Verification::Untouched(n) if n >= 5),
            "{verified:?}"
        );
    }
}

async fn touched(session: &dyn Session, delivery: &Delivery, image: &Delivered, lying: &Lying<'_>) {
    fs_err::write(lying.tree(delivery).join("new"), "x").unwrap();
    let verified = session.verify(image).await.unwrap();
    assert!(matches!(verified, Verification::Changed(_)), "{verified:?}");
}

fn leaves_nothing(run: &RunId, scratch: &Utf8Path) {
    let mounts = fs_err::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(scratch.as_str()));
    for entry in fs_err::read_dir("/sys/fs/cgroup").unwrap() {
        let Ok(inside) = fs_err::read_dir(entry.unwrap().path()) else {
            continue;
        };
        for group in inside.flatten() {
            assert!(!group.file_name().to_string_lossy().contains(run.as_str()));
        }
    }
    for entry in fs_err::read_dir("/proc").unwrap().flatten() {
        let mounts = fs_err::read_to_string(entry.path().join("mountinfo")).unwrap_or_default();
        assert!(
            !mounts.contains(scratch.as_str()),
            "{}",
            entry.path().display()
        );
    }
}

/// A program of the image run once: what it wrote is found, what it read is untouched.
async fn finishes(folder: &Utf8Path, work: &Utf8Path) {
    let (lower, scratch) = (work.join("lower"), work.join("once"));
    fs_err::create_dir(&scratch).unwrap();
    let owners = if rustix::process::geteuid().is_root() {
        image::Owners::Keep
    } else {
        image::Owners::Own
    };
    image::unpack(&crate::ground::tree(folder), lower.as_std_path(), owners, 0).unwrap();
    let before = image::rehash(lower.as_std_path()).unwrap().digest();
    let name = format!(
        "certify-once-{}-{}",
        std::process::id(),
        work.file_name().unwrap()
    );
    let run = ["/server".to_owned(), "make".to_owned()];
    let mut once = platforms::Once {
        runtime: &folder.join("launch"),
        tree: &lower,
        scratch: &scratch,
        name: &name,
        run: &run,
        environment: &["PATH=/".to_owned()],
        within: PATIENCE,
    };
    let ran = platforms::run_once(&once).await.unwrap();
    assert_eq!((ran.status, ran.output.as_str()), (0, "uid 0\n"));
    let made = ran.written().unwrap().join("made");
    assert_eq!(fs_err::read_to_string(made).unwrap(), "made\n");
    ran.discard().unwrap();
    assert_eq!(image::rehash(lower.as_std_path()).unwrap().digest(), before);
    let missing = ["/nothing".to_owned()];
    once.run = &missing;
    let error = platforms::run_once(&once).await.unwrap_err();
    assert!(error.to_string().contains("/nothing"), "{error}");
}
