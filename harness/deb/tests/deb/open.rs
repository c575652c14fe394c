//! Opening archives: search order, checks, index forms, version spaces, caches.

use deb::{AddressBook, ArchiveSpec, Keyring, OpenError};
use fs_err as fs;
use testkit::{ArchiveKey, DebBuilder, Fault, KeyPlan, Packing, SuiteBuilder};

use crate::scene::{Scene, files, open, spec};

fn suite(name: &str) -> SuiteBuilder {
    let hello = DebBuilder::new("hello", "1.0-1").field("Provides", "greeter");
    let hello = hello.file("/usr/bin/hello", 0o755, b"hi").build();
    SuiteBuilder::new(name).package("main", hello)
}

fn package(name: &str, version: &str) -> testkit::BuiltDeb {
    DebBuilder::new(name, version).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_finds_and_fetches_over_http_and_from_a_folder() {
    let scene = Scene::new([suite("stable")]);
    let folder = format!("file://{}", scene.path("archive"));
    for address in [scene.server.address(), folder] {
        let book = AddressBook::read(std::slice::from_ref(&address), None, None).unwrap();
        let archive = open(&[scene.spec(&["stable"])], &book, &scene.fetcher())
            .await
            .unwrap();
        let hello = archive.find("hello").unwrap();
        assert_eq!(
            (hello.archive.as_str(), hello.suite.as_str()),
            ("test", "stable")
        );
        assert!(hello.address.to_string().starts_with(&address));
        let bytes = hello.fetch(&scene.fetcher()).await.unwrap();
        assert_eq!(bytes.len() as u64, hello.package.size);
        assert_eq!(archive.providers("greeter"), [hello]);
        assert!(archive.find("nothing").is_none());
        let opened = &archive.suites()[0];
        assert_eq!(opened.signer.key, scene.key.signing_fingerprint());
        assert_eq!(opened.release.date.to_string(), "2026-11-21T09:15:44Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_what_is_not_the_archive_and_says_why() {
    let stranger = ArchiveKey::make(&KeyPlan::PLAIN);
    let stranger = Keyring::read(stranger.armored().as_bytes()).unwrap();
    type Change = fn(ArchiveSpec) -> ArchiveSpec;
    let same: Change = |spec| spec;
    let good = || suite("stable");
    for (made, change, why) in [
        (
            good().field("Label", "Other"),
            same,
            "Label is `Other`, not `Test`",
        ),
        (
            good().field("Origin", "Other"),
            same,
            "Origin is `Other`, not `Test`",
        ),
        (
            good().field("Suite", "x").field("Codename", "y"),
            same,
            "Codename is `y`, not `stable`",
        ),
        (
            good().field("Valid-Until", "Sun, 22 Nov 2026 09:15:44 UTC"),
            same,
            "valid until 2026-11-22T09:15:44Z, now it is 2026-11-23",
        ),
        (
            good().architectures(&["arm64", "amd64x"]),
            same,
            "no `amd64` among Architectures",
        ),
        (
            good().field("Components", "updates/main"),
            same,
            "no `main` among Components",
        ),
        (good().field("Date", "yesterday"), same, "field `Date`"),
        (suite("other"), same, "server answered 404"),
    ] {
        let scene = Scene::new([made]);
        let error = scene
            .open(change(scene.spec(&["stable"])))
            .await
            .unwrap_err();
        assert!(matches!(error, OpenError::NoAddress { .. }));
        assert!(error.to_string().contains(why), "{why}: {error}");
        assert!(
            files(&scene.path("cache")).is_empty(),
            "{why}: something was kept"
        );
    }
    let scene = Scene::new([good()]);
    let wrong_key = ArchiveSpec {
        keys: stranger,
        ..scene.spec(&["stable"])
    };
    let error = scene.open(wrong_key).await.unwrap_err();
    assert!(error.to_string().contains("not in the keyring"), "{error}");
    scene.server.spoil("InRelease", Fault::WrongBytes);
    let error = scene.open(scene.spec(&["stable"])).await.unwrap_err();
    assert!(
        error.to_string().contains("not a clearsigned text"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_of_components_is_known_and_a_later_end_is_fine() {
    let made = suite("stable")
        .field("Components", "updates/main updates/contrib")
        .field("Valid-Until", "Mon, 23 Nov 2026 09:15:45 UTC");
    let scene = Scene::new([made]);
    let prefixed = ArchiveSpec {
        component_prefix: Some("updates".to_owned()),
        ..scene.spec(&["stable"])
    };
    assert!(scene.open(prefixed).await.unwrap().find("hello").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_right_address_wins_and_all_tried_are_told() {
    let scene = Scene::new([suite("stable")]);
    let wrong = Scene::new([suite("stable").field("Label", "Other")]);
    let apt = scene.path("root/etc/apt/sources.list");
    fs::create_dir_all(apt.parent().unwrap()).unwrap();
    let (good, bad) = (scene.server.address(), wrong.server.address());
    // The entry names another suite: its address may carry ours all the same.
    fs::write(
        &apt,
        format!("deb ftp://x.test/ s main\ndeb {good} elsewhere main\n"),
    )
    .unwrap();
    let root = scene.path("root");
    let mirrors = [format!("test={bad}"), format!("another={good}")];
    let book = AddressBook::read(&mirrors, Some("file:///nowhere"), Some(&root)).unwrap();
    let archive = open(&[scene.spec(&["stable"])], &book, &scene.fetcher())
        .await
        .unwrap();
    assert_eq!(archive.suites()[0].base.to_string(), good);
    assert_eq!(
        archive.suites()[0].named_by.to_string(),
        "/etc/apt/sources.list:2"
    );

    scene.server.spoil("InRelease", Fault::Status(500));
    let error = open(&[scene.spec(&["stable"])], &book, &scene.fetcher())
        .await
        .unwrap_err();
    let OpenError::NoAddress {
        tried, unusable, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((tried.len(), unusable.len()), (3, 1));
    let text = error.to_string();
    for part in [
        "archive `test`",
        "stable",
        "--mirror",
        "not in the keyring",
        "CERTIFY_MIRROR",
        "file:///nowhere",
        "/etc/apt/sources.list:2",
        "answered 500",
        "`ftp:` is not supported",
        "CERTIFY_MIRROR=test=URL",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nowhere = AddressBook::read(&[], None, None).unwrap();
    let error = open(&[scene.spec(&["stable"])], &nowhere, &scene.fetcher())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("none is known"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_the_smallest_form_that_is_there() {
    for (forms, asked) in [
        (
            &[Packing::Xz, Packing::Gz, Packing::Plain][..],
            "Packages.xz",
        ),
        (&[Packing::Gz, Packing::Plain], "Packages.gz"),
        (&[Packing::Plain], "Packages"),
    ] {
        let scene = Scene::new([suite("stable").forms(forms).without_by_hash()]);
        let archive = scene.open(scene.spec(&["stable"])).await.unwrap();
        assert!(archive.find("hello").is_some());
        assert_eq!(scene.server.asked(asked), 1, "{asked}");
        let by_hash = Scene::new([suite("stable").forms(forms)]);
        by_hash.open(by_hash.spec(&["stable"])).await.unwrap();
        assert_eq!(by_hash.server.asked(asked), 0, "by hash instead");
    }
    // A partial mirror: listed by hash, but only named files are there, and not all of them.
    let scene = Scene::new([suite("stable")]);
    fs::remove_dir_all(scene.path("archive/dists/stable/main/binary-amd64/by-hash")).unwrap();
    fs::remove_file(scene.path("archive/dists/stable/main/binary-amd64/Packages.xz")).unwrap();
    assert!(
        scene
            .open(scene.spec(&["stable"]))
            .await
            .unwrap()
            .find("hello")
            .is_some()
    );
    fs::remove_dir_all(scene.path("cache")).unwrap();
    fs::remove_dir_all(scene.path("archive/dists/stable/main")).unwrap();
    let error = scene.open(scene.spec(&["stable"])).await.unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_not_what_was_signed_is_refused() {
    for (fault, why) in [
        (Fault::WrongBytes, "wanted sha256:"),
        (Fault::TooLong, "more than the"),
        (Fault::Truncated(9), "error decoding response body"),
    ] {
        let scene = Scene::new([suite("stable").without_by_hash()]);
        scene.server.spoil("Packages.xz", fault);
        let error = scene.open(scene.spec(&["stable"])).await.unwrap_err();
        assert!(matches!(error, OpenError::Index { .. }), "{error}");
        assert!(error.to_string().contains(why), "{fault:?}: {error}");
        assert!(files(&scene.path("cache")).is_empty());
    }
    let scene = Scene::new([suite("stable").without_by_hash()]);
    scene.server.spoil(".deb", Fault::WrongBytes);
    let archive = scene.open(scene.spec(&["stable"])).await.unwrap();
    let error = archive
        .find("hello")
        .unwrap()
        .fetch(&scene.fetcher())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("wanted sha256:"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_open_fetches_no_index_and_a_corrupt_cache_heals() {
    let scene = Scene::new([suite("stable").without_by_hash()]);
    for _ in 0..2 {
        scene.open(scene.spec(&["stable"])).await.unwrap();
    }
    assert_eq!(scene.server.asked("Packages.xz"), 1);
    let index = scene.path("cache/index");
    let name = files(&index).remove(0);
    for bad in [b"rotten".to_vec(), Vec::new()] {
        fs::write(index.join(&name), bad).unwrap();
        let archive = scene.open(scene.spec(&["stable"])).await.unwrap();
        assert!(archive.find("hello").is_some());
    }
    assert_eq!(
        scene.server.asked("Packages.xz"),
        1,
        "made again from the kept index"
    );
    assert_eq!(scene.server.asked("InRelease"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_version_space_over_archives_and_priorities_between_them() {
    let main = SuiteBuilder::new("main")
        .package("main", package("a", "1.0-1"))
        .package("main", package("b", "2.0-1"))
        .package("main", package("c", "1:1.0"))
        .package("main", package("only", "1"));
    let security = SuiteBuilder::new("security")
        .package("main", package("a", "1.0-1+deb13u1"))
        .package("main", package("b", "1.9-9"))
        .package("main", package("c", "9.0"));
    let scene = Scene::new([main, security]);
    let keys = Keyring::read(scene.key.armored().as_bytes()).unwrap();
    let chosen = |first: (Option<&str>, i32), second: (Option<&str>, i32)| {
        let make = |name: &str, (group, priority): (Option<&str>, i32)| ArchiveSpec {
            version_group: group.map(str::to_owned),
            priority,
            ..spec(name, &[name], keys.clone())
        };
        let specs = [make("main", first), make("security", second)];
        let (scene, book, fetcher) = (&scene, scene.book(), scene.fetcher());
        async move {
            let archive = open(&specs, &book, &fetcher).await.unwrap();
            let version = |name| archive.find(name).map(|o| o.package.version.to_string());
            let pinned = archive
                .find_in("security", "b")
                .unwrap()
                .package
                .version
                .to_string();
            assert_eq!(pinned, "1.9-9");
            assert_eq!(archive.versions("a").len(), 2);
            let _ = scene;
            ["a", "b", "c", "only"].map(|name| version(name).unwrap_or_default())
        }
    };
    let group = Some("debian");
    let highest = ["1.0-1+deb13u1", "2.0-1", "1:1.0", "1"];
    assert_eq!(chosen((group, 1), (group, 1)).await, highest);
    assert_eq!(
        chosen((group, 1), (group, 20)).await,
        highest,
        "one space whatever the priority"
    );
    let of_security = ["1.0-1+deb13u1", "1.9-9", "9.0", "1"];
    assert_eq!(chosen((None, 1), (None, 2)).await, of_security);
    assert_eq!(
        chosen((None, 1), (None, 1)).await,
        ["1.0-1", "2.0-1", "1:1.0", "1"]
    );
    assert_eq!(
        chosen((None, -1), (None, 1)).await,
        ["1.0-1+deb13u1", "1.9-9", "9.0", ""]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_for_all_architectures_may_stand_apart() {
    let all = DebBuilder::new("data", "1").architecture("all").build();
    let made = SuiteBuilder::new("stable")
        .architectures(&["all", "amd64"])
        .package("main", all)
        .package("main", package("program", "1"));
    let scene = Scene::new([made]);
    let archive = scene.open(scene.spec(&["stable"])).await.unwrap();
    assert!(archive.find("data").is_some() && archive.find("program").is_some());
}
