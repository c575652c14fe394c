//! A cluster that is named by its kubeconfig, with images from a registry. Class `cluster`.

use std::panic::AssertUnwindSafe;

use engine::{Stamper, Verification};
use futures::FutureExt;
use model::{ClusterSettings, RegistrySettings, RunId};

use crate::cluster::{is_timed_in_turn, serves_and_is_seen, start};
use crate::ground::{Ground, close, delivery, request, skipped};
use crate::kubectl::Kubectl;
use crate::{block_on, platform, work};

/// The test bed's registry, as this host and as the nodes name it.
const REGISTRY: &str = "localhost:5001/contract";

fn with_registry() -> ClusterSettings {
    ClusterSettings {
        registry: Some(RegistrySettings {
            pull: REGISTRY.to_owned(),
            push: Some(REGISTRY.to_owned()),
            plain_http: false,
        }),
        ..ClusterSettings::default()
    }
}

/// A kind cluster whose nodes pull, where the user says so: nothing is loaded into them.
#[test]
fn kind_with_a_registry() {
    let _alone = crate::alone_in_the_cluster();
    let Some(ground) = Ground::prepare() else {
        return;
    };
    if Kubectl::find().is_none() {
        skipped("cluster", "no test bed; cargo xtask testbed up");
        return;
    }
    let work = work(&ground, "pulled");
    block_on(async {
        let run = RunId::new(format!("test{}-pulled-end", std::process::id())).unwrap();
        let mut request = request(&ground.folder, &work, &run);
        request.cluster = with_registry();
        let ledger = request.ledger.clone();
        let session = platform("kind").open(request).await.unwrap();
        let facts = session.facts().facts.clone();
        let image = delivery(&ground.folder, &work, "polite");
        let checks = async {
            assert_eq!(facts["images.from"], REGISTRY, "{facts:?}");
            let announced = ledger.left();
            let loaded = announced
                .iter()
                .find(|object| object.name.starts_with("images of run"));
            assert_eq!(loaded, None, "nothing is loaded into nodes");
            let delivered = session.deliver(&image).await.unwrap();
            let container = start(session.as_ref(), "polite", "pulled", Stamper::Absent).await;
            container.stop().await.unwrap();
            let verified = session.verify(&delivered).await.unwrap();
            assert_eq!(verified, Verification::Untouched(1));
        };
        let checked = AssertUnwindSafe(checks).catch_unwind().await;
        close(session, &ledger, checked).await;
    });
}

#[test]
fn kubernetes() {
    let _alone = crate::alone_in_the_cluster();
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let Some(kubectl) = Kubectl::find() else {
        skipped("cluster", "no test bed; cargo xtask testbed up");
        return;
    };
    let platform = platform("kubernetes");
    let work = work(&ground, "any");
    let cluster = ClusterSettings {
        kubeconfig: Some(kubectl.kubeconfig().to_owned()),
        ..with_registry()
    };
    block_on(async {
        let mut around = Ground::surroundings(&ground.folder);
        let absent = platform.detect(&around).await;
        assert!(
            matches!(&absent, engine::Detection::Absent { why, .. } if why.contains("certify.yaml")),
            "a cluster that nobody named is not looked for: {absent:?}"
        );
        around.cluster = cluster.clone();
        match platform.detect(&around).await {
            engine::Detection::Available(line) => println!("{line}"),
            engine::Detection::Absent { why, remedy } => {
                skipped("cluster", &format!("{why}; {remedy}"));
                return;
            }
        }
        let run = RunId::new(format!("test{}-any-end", std::process::id())).unwrap();
        let mut request = request(&ground.folder, &work, &run);
        request.cluster = cluster;
        let ledger = request.ledger.clone();
        let session = platform.open(request).await.unwrap();
        let objects = ledger.left();
        let image = delivery(&ground.folder, &work, "polite");
        let checks = async {
            session.deliver(&image).await.unwrap();
            serves_and_is_seen(session.as_ref()).await;
            is_timed_in_turn(session.as_ref()).await;
        };
        let checked = AssertUnwindSafe(checks).catch_unwind().await;
        close(session, &ledger, checked).await;
        // A sweep finds the cluster again by what the ledger says, and touches no other run's.
        let stranger = RunId::new("20260101t000000z-abcd").unwrap();
        let own = objects.iter().filter(|object| object.kind == "cluster");
        assert_eq!(own.clone().count(), 1);
        for object in own {
            platforms::sweep(&run, &object.kind, &object.name).unwrap();
            assert!(platforms::sweep(&stranger, &object.kind, &object.name).is_err());
        }
    });
}
