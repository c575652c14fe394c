//! The contract against a real cluster. Class `cluster`.
//!
//! What a cluster tells differs from what a host does, so it has a battery of its own: identity and
//! admission, starts in place, figures through the probe, and nothing left behind.

use std::panic::AssertUnwindSafe;

use engine::{
    Admission, Container, Delivery, Exit, Inspection, Killed, LapError, Session, SmokeReply,
    Stamper, StartError, StartRequest, Verification,
};
use futures::FutureExt;
use model::{RunId, SmokeRequest, UserId};

use crate::ground::{Ground, PATIENCE, close, delivery, hello, request, skipped};
use crate::{block_on, platform, work};

#[test]
fn kind() {
    let _alone = crate::alone_in_the_cluster();
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform("kind");
    let work = work(&ground, "kind");
    block_on(async {
        if let engine::Detection::Absent { why, remedy } =
            platform.detect(&Ground::surroundings(&ground.folder)).await
        {
            skipped("cluster", &format!("{why}; {remedy}"));
            return;
        }
        let run = RunId::new(format!("test{}-kind-end", std::process::id())).unwrap();
        let request = request(&ground.folder, &work, &run);
        let ledger = request.ledger.clone();
        let scratch = request.scratch.clone();
        let session = platform.open(request).await.unwrap();
        let objects = ledger.left();
        fingerprints(session.as_ref());
        let deliveries = ["polite", "stubborn", "broken"]
            .map(|how| delivery(&ground.folder, &work, how))
            .to_vec();
        let checked = AssertUnwindSafe(checks(session.as_ref(), deliveries));
        let checked = checked.catch_unwind().await;
        close(session, &ledger, checked).await;
        assert!(!scratch.exists());
        // A sweep of what is gone finds nothing and fails at nothing; it touches no other run's.
        let stranger = RunId::new("20260101t000000z-abcd").unwrap();
        for object in objects.iter().filter(|object| object.kind == "kind") {
            platforms::sweep(&run, &object.kind, &object.name).unwrap();
            assert!(platforms::sweep(&stranger, &object.kind, &object.name).is_err());
        }
    });
}

fn fingerprints(session: &dyn Session) {
    let facts = session.facts();
    for key in [
        "kernel.release",
        "kubernetes.version",
        "cri.version",
        "runtime.version",
        "cgroup.mode",
        "snapshotter",
        "cni",
        "lsm",
        "kubelet.cgroupDriver",
        "kubelet.maxPods",
        "node.name",
    ] {
        assert!(facts.facts.contains_key(key), "{key} in {facts:?}");
    }
}

async fn checks(session: &dyn Session, deliveries: Vec<Delivery>) {
    let mut root = deliveries[0].clone();
    root.label = "root".to_owned();
    root.recipe.config.user = UserId { uid: 0, gid: 0 };
    let mut delivered = Vec::new();
    for image in deliveries.iter().chain([&root]) {
        delivered.push(session.deliver(image).await.unwrap());
    }
    serves_and_is_seen(session).await;
    is_timed_in_turn(session).await;
    kills_the_stubborn(session).await;
    says_why_not_ready(session, Stamper::Absent).await;
    says_which_place_is_not_ready(session).await;
    is_refused_as_root(session).await;
    // Seen, and timed at three places; killed once; refused: every container that ran exactly the image
    // is confirmed, and no other is counted.
    for (image, pods) in delivered.iter().zip([4, 1, 0, 0]) {
        let verified = session.verify(image).await.unwrap();
        assert_eq!(verified, Verification::Untouched(pods), "{}", image.label);
    }
    // Left running: closing takes it too.
    drop(start(session, "polite", "forgotten", Stamper::Absent).await);
}

fn wanted(image: &str, name: &str, stamper: Stamper) -> StartRequest {
    StartRequest {
        image: image.to_owned(),
        name: name.to_owned(),
        stamper,
        ready_within: PATIENCE,
    }
}

pub async fn start(
    session: &dyn Session,
    image: &str,
    name: &str,
    stamper: Stamper,
) -> Box<dyn Container> {
    session.start(&wanted(image, name, stamper)).await.unwrap()
}

pub async fn serves_and_is_seen(session: &dyn Session) {
    let container = start(session, "polite", "seen", Stamper::Absent).await;
    assert_eq!(container.output().await, "listening");
    let right = SmokeRequest::Http(hello(8080));
    assert_eq!(container.request(&right).await.unwrap(), SmokeReply::Right);
    let mut other = hello(8080);
    other.status = 404;
    let reply = container.request(&SmokeRequest::Http(other)).await.unwrap();
    assert!(matches!(reply, SmokeReply::Wrong(_)), "{reply:?}");
    let one = container.memory().await.unwrap();
    assert_eq!(one.processes, 1);
    assert!(one.pss_bytes > 0 && one.pss_anon_bytes.unwrap() <= one.pss_bytes);
    let all = session.memory().await.unwrap();
    assert_eq!((all.containers, all.working_set_bytes), (1, None));
    looks(container.as_ref()).await;
    assert_eq!(container.disqualified().await, None);
    let stopped = container.stop().await.unwrap().unwrap();
    assert_eq!((stopped.exit, stopped.killed), (Exit::Code(0), Killed::No));
    assert_eq!(session.memory().await.unwrap().containers, 0);
}

/// Kernel truth, attempts and the cluster's own words about one container.
async fn looks(container: &dyn Container) {
    let facts = container.inspect(&Inspection::Facts).await.unwrap();
    let facts: probe::Facts = serde_json::from_value(facts).unwrap();
    assert_eq!(facts.status.uids.effective, 65532);
    assert_eq!(facts.status.no_new_privs, Some(true));
    assert_eq!(facts.status.seccomp, Some(2));
    let hash = container.inspect(&Inspection::Hash).await.unwrap();
    let hash: probe::Tree = serde_json::from_value(hash).unwrap();
    assert!(hash.entries.iter().any(|entry| entry.path == "/server"));
    let ask = serde_json::json!({"execute": ["/bin/sh", "/server"], "walk": true});
    let tried = container.inspect(&Inspection::Attempts(ask)).await.unwrap();
    let tried: probe::Attempts = serde_json::from_value(tried).unwrap();
    assert_eq!(tried.identity.uids, [65532; 3]);
    assert_eq!(tried.identity.capabilities, 0);
    assert_eq!(tried.identity.seccomp, probe::SeccompCarried::Inherited(1));
    assert!(tried.identity.entered.is_empty(), "it is inside already");
    let results: Vec<_> = tried.execute.iter().map(|one| &one.result).collect();
    assert_eq!(
        results,
        [&probe::Executed::NotFound, &probe::Executed::Executed]
    );
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
    let admission = container.inspect(&Inspection::Admission).await.unwrap();
    let admission: Admission = serde_json::from_value(admission).unwrap();
    assert!(admission.policy.enforced, "{admission:?}");
    assert!(
        admission.policy.words.contains("privileged"),
        "{admission:?}"
    );
    assert_eq!(admission.impostor, None);
    assert_eq!(admission.restarts, 0);
}

pub async fn is_timed_in_turn(session: &dyn Session) {
    assert!(session.takes_turns());
    let lap: Vec<StartRequest> = (0..3)
        .map(|place| wanted("polite", &format!("timed-{place}"), Stamper::InFront))
        .collect();
    let places = session.in_turn(&lap).await.unwrap();
    assert_eq!(places.len(), 3);
    let count = places[0].starts.len();
    assert!(count >= 5, "{places:?}");
    for place in &places {
        assert_eq!(place.rejected, None);
        assert_eq!(place.starts.len(), count);
        let stamps = place.stamps;
        let first = stamps.first_instruction.expect("the probe ran first");
        assert!(
            stamps.requested < first && first < stamps.ready,
            "{stamps:?}"
        );
    }
    let mut last = places[2].stamps.first_instruction.unwrap();
    for number in 0..count {
        for place in &places {
            let start = place.starts[number];
            assert!(last < start.exec && start.exec < start.ready, "{places:?}");
            last = start.ready;
        }
    }
    assert_eq!(session.memory().await.unwrap().containers, 0, "it is gone");
}

async fn says_which_place_is_not_ready(session: &dyn Session) {
    let lap = [("polite", "well"), ("broken", "unwell")]
        .map(|(image, name)| wanted(image, name, Stamper::InFront));
    let LapError { place, error } = session.in_turn(&lap).await.unwrap_err();
    assert_eq!(place, 1);
    match error {
        StartError::NotReady { why, output, .. } => {
            assert!(why.contains("status 9"), "{why}");
            assert!(output.contains("cannot read its configuration"), "{output}");
        }
        other => panic!("{other}"),
    }
}

async fn kills_the_stubborn(session: &dyn Session) {
    let container = start(session, "stubborn", "stubborn", Stamper::Absent).await;
    let stopped = container.stop().await.unwrap().unwrap();
    assert_eq!(
        (stopped.exit, stopped.killed),
        (Exit::Signal(9), Killed::Yes)
    );
}

async fn says_why_not_ready(session: &dyn Session, stamper: Stamper) {
    let name = format!("broken-{stamper:?}").to_lowercase();
    match session.start(&wanted("broken", &name, stamper)).await {
        Err(StartError::NotReady { why, output, .. }) => {
            let status = ["Code(9)", "status 9"]
                .iter()
                .any(|word| why.contains(word));
            assert!(status, "{why}");
            assert!(output.contains("cannot read its configuration"), "{output}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

async fn is_refused_as_root(session: &dyn Session) {
    match session
        .start(&wanted("root", "root", Stamper::Absent))
        .await
    {
        Err(StartError::Refused { why, .. }) => assert!(why.contains("runAsUser=0"), "{why}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a cluster that enforces `restricted` ran root"),
    }
}
