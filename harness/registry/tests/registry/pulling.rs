//! Pulling whole images, one architecture, and what is asked for on the way.

use image::{Limits, Manifest, OciImage, REF_NAME};
use model::Arch;
use registry::{Client, Fault, Wanted};
use testkit::{FakeRegistry, RegistryFault};

use crate::scene::{assert_empty, both, client, files, image, name, settings};

#[tokio::test]
async fn what_was_pushed_is_pulled_byte_for_byte() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let reference = name(&registry, "ns/app:1");
    let pushed = client().push(&from, &reference).await.unwrap();
    assert_eq!(pushed.digest, written.manifest.digest());
    assert_eq!((pushed.uploaded, pushed.present), (3, 0));
    let to = work.path().join("to");
    let pulled = client()
        .pull(&reference, Wanted::Whole, &to, Some("app"))
        .await
        .unwrap();
    assert_eq!(pulled.digest, written.manifest.digest());
    assert_eq!(files(&from), files(&to));
    // By digest, without a name, one architecture: the same but for the name.
    let by_digest = name(&registry, &format!("ns/app@{}", pulled.digest));
    let other = work.path().join("other");
    let one = Wanted::One(Arch::Amd64);
    client().pull(&by_digest, one, &other, None).await.unwrap();
    let text = fs_err::read_to_string(other.join("index.json")).unwrap();
    assert!(!text.contains(REF_NAME), "{text}");
    let imported = work.path().join("imported");
    let reference = from.to_str().unwrap().parse().unwrap();
    OciImage::import(&reference, Arch::Amd64, &Limits::standard(), &imported).unwrap();
    assert_eq!(files(&other), files(&imported));
}

#[tokio::test]
async fn of_an_index_everything_or_one_architecture_is_pulled() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let index = both(&from);
    let reference = name(&registry, "app");
    let pushed = client().push(&from, &reference).await.unwrap();
    assert_eq!(pushed.digest, index);
    // Layers are shared, so there are two configurations and two layers.
    assert_eq!(pushed.uploaded, 4);
    let whole = work.path().join("whole");
    client()
        .pull(&reference, Wanted::Whole, &whole, None)
        .await
        .unwrap();
    assert_eq!(files(&from), files(&whole));
    let single = work.path().join("single");
    let wanted = Wanted::One(Arch::Arm64);
    let pulled = client()
        .pull(&reference, wanted, &single, None)
        .await
        .unwrap();
    assert_eq!(pulled.digest, index);
    assert_ne!(pulled.manifest, index);
    let local = single.to_str().unwrap().parse().unwrap();
    let opened = OciImage::open(&local, Arch::Arm64, &Limits::standard()).unwrap();
    assert_eq!(opened.manifest.digest(), pulled.manifest);
    assert_eq!(
        files(&single).len(),
        2 + 4,
        "nothing of the other architecture"
    );
    let none = work.path().join("none");
    let wanted = Wanted::One(Arch::Riscv64);
    let error = client()
        .pull(&reference, wanted, &none, None)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("no image for riscv64 (there are: linux/amd64, linux/arm64)"),
        "{said}"
    );
    assert!(error.is_input() && !none.exists());
}

#[tokio::test]
async fn what_broke_off_is_resumed_where_it_broke_off() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let manifest: Manifest = written.manifest.view("the manifest").unwrap();
    let large = manifest.layers[0].digest.to_string();
    let reference = name(&registry, "app");
    client().push(&from, &reference).await.unwrap();
    registry.spoil("GET", &large, RegistryFault::Truncated(60_000), 1);
    let to = work.path().join("to");
    client()
        .pull(&reference, Wanted::Whole, &to, Some("app"))
        .await
        .unwrap();
    assert_eq!(files(&from), files(&to));
    let asked = registry.asked().into_iter().filter_map(|asked| asked.range);
    let ranges: Vec<String> = asked.collect();
    assert_eq!(ranges, ["bytes=60000-"]);
}

#[tokio::test]
async fn limits_are_kept_before_anything_is_fetched() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let reference = name(&registry, "app");
    client().push(&from, &reference).await.unwrap();
    let manifest: Manifest = written.manifest.view("the manifest").unwrap();
    let large = manifest.layers[0].digest.to_string();
    let to = work.path().join("pulled/to");
    let tight = |change: fn(&mut Limits)| {
        let mut settings = settings();
        change(&mut settings.limits);
        Client::new(settings).unwrap()
    };
    for (client, says) in [
        (
            tight(|limits| limits.stored_bytes = 50_000),
            "exceeds the limit of 50000 bytes",
        ),
        (
            tight(|limits| limits.image_bytes = 50_000),
            "the image exceeds the limit of 50000",
        ),
        (
            tight(|limits| limits.document_bytes = 100),
            "exceeds the limit of 100 bytes",
        ),
        (tight(|limits| limits.layers = 1), "the limit of 1 layers"),
    ] {
        let error = client
            .pull(&reference, Wanted::Whole, &to, None)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.is_input(), "{error}");
        assert_empty(to.parent().unwrap());
    }
    assert_eq!(registry.count("GET", &large), 0);
}

#[tokio::test]
async fn a_folder_that_holds_something_is_left_alone() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start();
    let from = work.path().join("from");
    image(&from, Arch::Amd64);
    let reference = name(&registry, "app");
    client().push(&from, &reference).await.unwrap();
    let before = files(&from);
    let error = client()
        .pull(&reference, Wanted::Whole, &from, None)
        .await
        .unwrap_err();
    assert!(matches!(*error.fault, Fault::Image(_)), "{error}");
    assert_eq!(files(&from), before);
}
