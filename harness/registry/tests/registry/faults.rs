//! Everything that goes wrong ends as what it is, in time, with nothing half-written left.

use std::time::{Duration, Instant};

use model::Arch;
use registry::{Client, Fault, Reference, RegistryError, Wanted};
use testkit::{FakeRegistry, RegistryFault};

use crate::scene::{assert_empty, client, image, name, settings};

/// A registry that holds `app`.
struct Ground {
    work: tempfile::TempDir,
    registry: FakeRegistry,
    reference: Reference,
}

impl Ground {
    async fn prepare() -> Self {
        let work = tempfile::tempdir().unwrap();
        let registry = FakeRegistry::start();
        let from = work.path().join("from");
        image(&from, Arch::Amd64);
        let reference = name(&registry, "app:1");
        client().push(&from, &reference).await.unwrap();
        Self {
            work,
            registry,
            reference,
        }
    }

    /// Pulls, and asserts that it fails in time and leaves nothing.
    async fn fails(&self) -> RegistryError {
        let to = self.work.path().join("pulled/to");
        let began = Instant::now();
        let pulled = client()
            .pull(&self.reference, Wanted::Whole, &to, None)
            .await;
        let error = pulled.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(20), "{error}");
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("pulling {}: ", self.reference)),
            "{said}"
        );
        assert!(said.contains("; nothing is left here; try: "), "{said}");
        assert_empty(to.parent().unwrap());
        error
    }
}

/// Whether a fault is the one that is wanted.
type Is = fn(&Fault) -> bool;

#[tokio::test]
async fn every_fault_of_a_manifest_has_its_own_error() {
    let index = "application/vnd.oci.image.index.v1+json".to_owned();
    let drip = RegistryFault::Drip(Duration::from_millis(20));
    let table: [(RegistryFault, Is); 12] = [
        (
            RegistryFault::Status(401),
            |fault| matches!(fault, Fault::Denied { with, .. } if with == "anonymous access"),
        ),
        (RegistryFault::Status(403), |fault| {
            matches!(fault, Fault::Denied { .. })
        }),
        (RegistryFault::Status(404), |fault| {
            matches!(fault, Fault::NotFound { .. })
        }),
        (RegistryFault::Status(418), |fault| {
            matches!(fault, Fault::Status { status: 418, .. })
        }),
        (RegistryFault::Status(503), |fault| {
            matches!(
                fault,
                Fault::Busy {
                    status: 503,
                    tries: 3,
                    ..
                }
            )
        }),
        (RegistryFault::Busy(0), |fault| {
            matches!(
                fault,
                Fault::Busy {
                    status: 429,
                    tries: 3,
                    ..
                }
            )
        }),
        (RegistryFault::Busy(3600), |fault| {
            matches!(fault, Fault::Later { seconds: 3600, .. })
        }),
        (RegistryFault::WrongBytes, |fault| {
            matches!(fault, Fault::WrongDigest { .. })
        }),
        (RegistryFault::Silent, |fault| {
            matches!(fault, Fault::Deadline { .. })
        }),
        (RegistryFault::Reset, |fault| {
            matches!(fault, Fault::Unreachable { .. })
        }),
        (drip, |fault| matches!(fault, Fault::Deadline { .. })),
        (RegistryFault::MediaType(index), |fault| {
            matches!(fault, Fault::Document { .. })
        }),
    ];
    every_one("/manifests/", table).await;
}

#[tokio::test]
async fn every_fault_of_a_blob_has_its_own_error() {
    let plain = "http://blobs.example/x?signature=secret".to_owned();
    let again = "/v2/app/blobs/again".to_owned();
    let drip = RegistryFault::Drip(Duration::from_millis(50));
    let table: [(RegistryFault, Is); 8] = [
        (RegistryFault::Status(404), |fault| {
            matches!(fault, Fault::NotFound { .. })
        }),
        (RegistryFault::Truncated(10), |fault| {
            matches!(fault, Fault::Broken { tries: 3, .. })
        }),
        (RegistryFault::WrongBytes, |fault| {
            matches!(fault, Fault::WrongDigest { .. })
        }),
        (RegistryFault::Longer, |fault| {
            matches!(fault, Fault::WrongSize { .. })
        }),
        (RegistryFault::Silent, |fault| {
            matches!(fault, Fault::Deadline { .. })
        }),
        (drip, |fault| matches!(fault, Fault::Deadline { .. })),
        (
            RegistryFault::Redirect(plain),
            |fault| matches!(fault, Fault::Plain { at, .. } if at == "blobs.example"),
        ),
        (RegistryFault::Redirect(again), |fault| {
            matches!(fault, Fault::Redirect { .. })
        }),
    ];
    every_one("/blobs/", table).await;
}

/// Side by side: most of them wait.
async fn every_one(path: &str, table: impl IntoIterator<Item = (RegistryFault, Is)>) {
    let rows = table.into_iter().map(|(fault, is)| async move {
        let ground = Ground::prepare().await;
        let told = format!("{path} {fault:?}");
        ground.registry.spoil("GET", path, fault, usize::MAX);
        let error = ground.fails().await;
        assert!(is(&error.fault), "{told}: {:?}", error.fault);
        assert!(!error.to_string().contains("signature"), "{error}");
    });
    futures::future::join_all(rows).await;
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let ground = Ground::prepare().await;
    for (path, fault) in [
        ("/manifests/", RegistryFault::Busy(1)),
        ("/manifests/", RegistryFault::Status(503)),
        ("/blobs/", RegistryFault::Reset),
    ] {
        ground.registry.spoil("GET", path, fault, 1);
    }
    let before = ground.registry.count("GET", "/manifests/");
    let to = ground.work.path().join("to");
    let began = Instant::now();
    let pulled = client()
        .pull(&ground.reference, Wanted::Whole, &to, None)
        .await;
    pulled.unwrap();
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "it asked for a second"
    );
    assert_eq!(ground.registry.count("GET", "/manifests/") - before, 3);
}

#[tokio::test]
async fn a_blob_may_lie_elsewhere_and_nobody_there_is_told_who_asks() {
    let basic = "bWU6aHVudGVyMg==";
    let registry = FakeRegistry::with(testkit::Access::Basic(basic.to_owned()), true);
    let elsewhere = FakeRegistry::start();
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    image(&from, Arch::Amd64);
    let config = format!(
        r#"{{"auths": {{"{}": {{"auth": "{basic}"}}}}}}"#,
        registry.host()
    );
    fs_err::write(work.path().join("config.json"), config).unwrap();
    let mut settings = settings();
    settings.keychain = registry::Keychain::of_folder(work.path());
    let client = Client::new(settings).unwrap();
    let reference = name(&registry, "app:1");
    let pushed = client.push(&from, &reference).await.unwrap();
    for (path, bytes) in crate::scene::files(&from) {
        if path.starts_with("blobs") {
            elsewhere.hold(&bytes);
            let blob = format!(
                "/blobs/sha256:{}",
                path.file_name().unwrap().to_str().unwrap()
            );
            let to = format!("http://{}/v2/other{blob}", elsewhere.host());
            registry.spoil("GET", &blob, RegistryFault::Redirect(to), usize::MAX);
        }
    }
    let to = work.path().join("to");
    let pulled = client
        .pull(&reference, Wanted::Whole, &to, None)
        .await
        .unwrap();
    assert_eq!(pulled.digest, pushed.digest);
    let there = elsewhere.asked();
    assert_eq!(there.len(), 3);
    assert!(
        there.iter().all(|asked| asked.authorization.is_none()),
        "{there:?}"
    );
}

#[tokio::test]
async fn nobody_at_home_and_no_such_host_are_told() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let reference: Reference = format!("127.0.0.1:{port}/app").parse().unwrap();
    let work = tempfile::tempdir().unwrap();
    let to = work.path().join("pulled/to");
    let error = client()
        .pull(&reference, Wanted::Whole, &to, None)
        .await
        .unwrap_err();
    assert!(matches!(*error.fault, Fault::Unreachable { .. }), "{error}");
    assert!(!error.is_input(), "{error}");
    assert_empty(to.parent().unwrap());
}
