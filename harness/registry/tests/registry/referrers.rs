//! Referrers, with the interface for them and without.

use std::collections::BTreeMap;

use image::{MEDIA_INDEX, MEDIA_MANIFEST};
use model::{Arch, Digest};
use registry::{Artifact, ArtifactFile, Fault, FoundBy, Reference, Wanted};
use testkit::{Access, FakeRegistry, RegistryFault};

use crate::scene::{client, image, name};

pub(crate) const KIND: &str = "application/vnd.in-toto+json";

pub(crate) fn artifact(text: &str) -> Artifact {
    Artifact {
        artifact_type: KIND.to_owned(),
        files: vec![ArtifactFile {
            media_type: KIND.to_owned(),
            bytes: text.to_owned().into(),
        }],
        annotations: BTreeMap::from([("org.example.level".to_owned(), "L2".to_owned())]),
    }
}

/// Attaches two artifacts to an image that is pushed first, and reads them back.
pub(crate) async fn attach_and_list(reference: &Reference, by: FoundBy) {
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let client = client();
    client.push(&from, reference).await.unwrap();
    let repository = &reference.repository;
    let subject = image::pointer(&written.manifest, None).unwrap();
    let none = client
        .referrers(repository, subject.digest, None)
        .await
        .unwrap();
    assert!(none.all.is_empty());
    let mut attached = Vec::new();
    // The same thing twice is one thing.
    for text in ["one", "two", "two"] {
        let done = client
            .attach(repository, &subject, &artifact(text))
            .await
            .unwrap();
        assert_eq!(done.by, by);
        attached.push(done.descriptor);
    }
    attached.pop();
    let found = client
        .referrers(repository, subject.digest, Some(KIND))
        .await
        .unwrap();
    assert_eq!(found.by, by);
    assert_eq!(found.all.len(), 2, "{found:?}");
    for one in &attached {
        let listed = found
            .all
            .iter()
            .find(|other| other.digest == one.digest)
            .unwrap();
        assert_eq!(listed, one);
    }
    let other = client
        .referrers(repository, subject.digest, Some("text/plain"))
        .await;
    assert!(other.unwrap().all.is_empty());
    // What was attached comes back as what it was.
    let by_digest = Reference {
        digest: Some(attached[0].digest),
        ..reference.clone()
    };
    let to = work.path().join("to");
    client
        .pull(&by_digest, Wanted::Whole, &to, None)
        .await
        .unwrap();
    let blob = to.join("blobs/sha256").join(Digest::of(b"one").hex());
    assert_eq!(fs_err::read(blob).unwrap(), b"one");
}

#[tokio::test]
async fn with_the_interface() {
    let registry = FakeRegistry::start();
    attach_and_list(&name(&registry, "app:1"), FoundBy::Api).await;
    assert_eq!(registry.count("PUT", "/manifests/sha256-"), 0);
}

#[tokio::test]
async fn without_the_interface() {
    let registry = FakeRegistry::with(Access::Open, false);
    attach_and_list(&name(&registry, "app:1"), FoundBy::Tag).await;
    assert_eq!(registry.count("PUT", "/manifests/sha256-"), 2);
}

/// The index belongs to everybody who refers: what others wrote there stays.
#[tokio::test]
async fn what_others_wrote_into_the_index_stays() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::with(Access::Open, false);
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let reference = name(&registry, "app:1");
    client().push(&from, &reference).await.unwrap();
    let subject = image::pointer(&written.manifest, None).unwrap();
    let tag = format!("sha256-{}", subject.digest.hex());
    let other = serde_json::json!({
        "mediaType": MEDIA_MANIFEST, "digest": Digest::of(b"other"), "size": 5,
        "artifactType": "application/other", "urls": ["https://kept.example"],
    });
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": MEDIA_INDEX, "manifests": [other],
        "annotations": {"kept": "yes"},
    });
    registry.hold_manifest("app", &tag, MEDIA_INDEX, index.to_string().as_bytes());
    let repository = &reference.repository;
    client()
        .attach(repository, &subject, &artifact("one"))
        .await
        .unwrap();
    let held: serde_json::Value =
        serde_json::from_slice(&registry.manifest("app", &tag).unwrap()).unwrap();
    assert_eq!(held["manifests"][0], other);
    assert_eq!(held["annotations"]["kept"], "yes");
    assert_eq!(held["manifests"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_list_that_is_none_is_no_empty_list() {
    let registry = FakeRegistry::start();
    let reference = name(&registry, "app:1");
    let subject = Digest::of(b"subject");
    for (fault, is) in [
        (
            RegistryFault::MediaType("text/html".to_owned()),
            (|fault| matches!(fault, Fault::Document { .. })) as fn(&Fault) -> bool,
        ),
        (RegistryFault::Status(500), |fault| {
            matches!(fault, Fault::Busy { .. })
        }),
        (RegistryFault::Status(400), |fault| {
            matches!(fault, Fault::Status { .. })
        }),
        (RegistryFault::WrongBytes, |fault| {
            matches!(fault, Fault::Image(_))
        }),
    ] {
        registry.spoil("GET", "/referrers/", fault.clone(), 3);
        let client = client();
        let list = client.referrers(&reference.repository, subject, None).await;
        let error = list.unwrap_err();
        assert!(is(&error.fault), "{fault:?}: {error}");
        // Whatever is left of the fault is used up.
        for _ in 0..3 {
            let _ = client.referrers(&reference.repository, subject, None).await;
        }
    }
}

/// A registry that says it took note and does not list it.
#[tokio::test]
async fn what_is_attached_and_not_found_is_an_error() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let reference = name(&registry, "app:1");
    client().push(&from, &reference).await.unwrap();
    registry.spoil("GET", "/referrers/", RegistryFault::Status(404), usize::MAX);
    let subject = image::pointer(&written.manifest, None).unwrap();
    let attached = client()
        .attach(&reference.repository, &subject, &artifact("one"))
        .await;
    let said = attached.unwrap_err().to_string();
    assert!(said.contains("among the referrers is not there"), "{said}");
}
