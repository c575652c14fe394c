//! A cluster that gives a run no more than what `certify rbac` prints. Class `cluster`.

use std::panic::{AssertUnwindSafe, resume_unwind};

use engine::Stamper;
use futures::FutureExt;
use model::RunId;

use crate::cluster::{is_timed_in_turn, serves_and_is_seen, start};
use crate::ground::{Ground, close, delivery, request, skipped};
use crate::kubectl::Kubectl;
use crate::{block_on, platform, work};

/// With exactly the rights that are printed for an administrator to give, and no others.
#[test]
fn kind_with_the_least_rights() {
    let _alone = crate::alone_in_the_cluster();
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform("kind");
    let work = work(&ground, "least");
    block_on(async {
        if let engine::Detection::Absent { why, remedy } =
            platform.detect(&Ground::surroundings(&ground.folder)).await
        {
            skipped("cluster", &format!("{why}; {remedy}"));
            return;
        }
        let Some(kubectl) = Kubectl::find() else {
            skipped(
                "cluster",
                "no kubectl of the test bed; cargo xtask testbed up",
            );
            return;
        };
        let namespace = format!("least-{}", std::process::id());
        kubectl.apply(&platform.rights(&namespace).unwrap());
        let checked = AssertUnwindSafe(with_least_rights(
            platform, &ground, &work, &kubectl, &namespace,
        ));
        let checked = checked.catch_unwind().await;
        let left = kubectl.run(&["get", "pods", "-n", &namespace, "-o", "name"]);
        kubectl.run(&["delete", "namespace", &namespace]);
        if let Err(failed) = checked {
            resume_unwind(failed);
        }
        assert_eq!(left.trim(), "");
    });
}

async fn with_least_rights(
    platform: &dyn engine::Platform,
    ground: &Ground,
    work: &camino::Utf8Path,
    kubectl: &Kubectl,
    namespace: &str,
) {
    let kubeconfig = work.join("kubeconfig");
    fs_err::write(&kubeconfig, kubectl.kubeconfig_of(namespace)).unwrap();
    let run = RunId::new(format!("test{}-least-end", std::process::id())).unwrap();
    let mut request = request(&ground.folder, work, &run);
    request.cluster = model::ClusterSettings {
        namespace: Some(namespace.to_owned()),
        node: Some("certify-worker".to_owned()),
        kubeconfig: Some(kubeconfig.to_string()),
        ..model::ClusterSettings::default()
    };
    let ledger = request.ledger.clone();
    // Without a node named it would have to look at nodes, which is refused and said so.
    let mut nodeless = request.clone();
    nodeless.cluster.node = None;
    let refused = platform.open(nodeless).await.err().unwrap().to_string();
    assert!(refused.contains("name one in certify.yaml"), "{refused}");
    let session = platform.open(request).await.unwrap();
    let image = delivery(&ground.folder, work, "polite");
    let checks = async {
        session.deliver(&image).await.unwrap();
        serves_and_is_seen(session.as_ref()).await;
        is_timed_in_turn(session.as_ref()).await;
        drop(start(session.as_ref(), "polite", "forgotten", Stamper::Absent).await);
    };
    let checked = AssertUnwindSafe(checks).catch_unwind().await;
    close(session, &ledger, checked).await;
}
