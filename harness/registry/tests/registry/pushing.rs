//! Pushing: only what is lacking, by raw bytes, and never what is not what it is called.

use model::Arch;
use registry::{Fault, Wanted};
use testkit::{FakeRegistry, RegistryFault};

use crate::scene::{client, image, name};

#[tokio::test]
async fn what_is_there_is_not_sent_again() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    client()
        .push(&from, &name(&registry, "app:1"))
        .await
        .unwrap();
    let sent = registry.count("PUT", "/blobs/uploads/");
    let again = client()
        .push(&from, &name(&registry, "app:2"))
        .await
        .unwrap();
    assert_eq!((again.uploaded, again.present), (0, 3));
    assert_eq!(registry.count("PUT", "/blobs/uploads/"), sent);
    let held = registry.manifest("app", "2").unwrap();
    assert_eq!(held, written.manifest.bytes()[..]);
}

#[tokio::test]
async fn a_layout_that_was_changed_is_not_pushed() {
    for damage in ["layer", "manifest", "index"] {
        let work = tempfile::tempdir().unwrap();
        let registry = FakeRegistry::start();
        let from = work.path().join("from");
        let written = image(&from, Arch::Amd64);
        let manifest: image::Manifest = written.manifest.view("the manifest").unwrap();
        let path = match damage {
            "layer" => from
                .join("blobs/sha256")
                .join(manifest.layers[0].digest.hex()),
            "manifest" => from
                .join("blobs/sha256")
                .join(written.manifest.digest().hex()),
            _ => from.join("index.json"),
        };
        let mut bytes = fs_err::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs_err::write(&path, bytes).unwrap();
        let error = client()
            .push(&from, &name(&registry, "app:1"))
            .await
            .unwrap_err();
        assert!(registry.manifest("app", "1").is_none(), "{damage}");
        let said = error.to_string();
        assert!(said.contains("stay at the registry"), "{said}");
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_begins_anew_and_a_refused_one_does_not() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    image(&from, Arch::Amd64);
    registry.spoil("PUT", "/blobs/uploads/", RegistryFault::Reset, 1);
    registry.spoil("PUT", "/blobs/uploads/", RegistryFault::Status(503), 1);
    client()
        .push(&from, &name(&registry, "app:1"))
        .await
        .unwrap();
    assert_eq!(registry.count("POST", "/blobs/uploads/"), 3 + 2);
    let other = FakeRegistry::start();
    other.spoil(
        "PUT",
        "/blobs/uploads/",
        RegistryFault::Status(400),
        usize::MAX,
    );
    let error = client()
        .push(&from, &name(&other, "app:1"))
        .await
        .unwrap_err();
    assert!(
        matches!(*error.fault, Fault::Status { status: 400, .. }),
        "{error}"
    );
    assert_eq!(other.count("POST", "/blobs/uploads/"), 1);
}

#[tokio::test]
async fn a_registry_that_took_something_else_is_found_out() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    image(&from, Arch::Amd64);
    registry.spoil("GET", "/manifests/", RegistryFault::WrongBytes, usize::MAX);
    let error = client()
        .push(&from, &name(&registry, "app:1"))
        .await
        .unwrap_err();
    assert!(matches!(*error.fault, Fault::WrongDigest { .. }), "{error}");
}

#[tokio::test]
async fn a_digest_in_the_name_must_be_the_layouts() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let other = name(&registry, &format!("app@{}", model::Digest::of(b"other")));
    let error = client().push(&from, &other).await.unwrap_err();
    assert!(matches!(*error.fault, Fault::WrongDigest { .. }), "{error}");
    assert!(registry.asked().is_empty());
    let own = name(&registry, &format!("app@{}", written.manifest.digest()));
    client().push(&from, &own).await.unwrap();
    let to = work.path().join("to");
    client().pull(&own, Wanted::Whole, &to, None).await.unwrap();
}
