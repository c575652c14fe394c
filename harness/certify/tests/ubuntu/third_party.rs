//! Repositories of others as further archives of a release: address, key, label.

use model::Hosts;
use testkit::{ArchiveKey, DebBuilder, KeyPlan};

use crate::hosts::ALIVE;
use crate::scene::{Ended, Scene};
use crate::stand_in;
use crate::web::Site;

const VENDOR: &str = "http://apt.vendor.test/stable";

/// Ubuntu's archive, and a vendor's with its own key and `label`; a release that names both.
fn scene(label: &str, signer: Option<&ArchiveKey>) -> Scene {
    let scene = Scene::new();
    let suite = Scene::suite("noble", "noble", "Ubuntu");
    let suite = suite.package("main", stand_in::some("amd64", "1.0"));
    let folder = scene.archive("ubuntu", &scene.key, vec![suite]);
    scene
        .web
        .serve(&Hosts::known().ubuntu.main, Site::Folder(folder));
    let own = ArchiveKey::make(&KeyPlan::WITH_SUBKEY);
    let agent = DebBuilder::new("agent", "7:3.1-2").file("/opt/agent/bin/agent", 0o755, b"agent");
    let suite = Scene::suite("stable", "stable", label)
        .field("Origin", "Vendor")
        .package("contrib", agent.build());
    let folder = scene.archive("vendor", signer.unwrap_or(&own), vec![suite]);
    scene.web.serve(VENDOR, Site::Folder(folder));
    let archive = format!(
        "  vendor:\n    version: 3\n    suites: [stable]\n    components: [contrib]\n    \
         public-keys: [vendor]\n    priority: 20\n    url: {VENDOR}\n    label: Vendor Packages\n    \
         origin: Vendor\n"
    );
    let mut files = stand_in::small(ALIVE, &archive, &scene.key);
    let key = b"  vendor: {id: \"0123456789ABCDEF\", path: keys/vendor.asc}\n";
    files[0].1.extend_from_slice(key);
    files.push(("keys/vendor.asc".to_owned(), own.armored().into_bytes()));
    let slice = "package: agent\narchive: vendor\nslices:\n  bins:\n    \
                 essential: [some_bins]\n    contents: {/opt/agent/bin/agent: }\n";
    files.push(("slices/agent.yaml".to_owned(), slice.as_bytes().to_vec()));
    stand_in::lay(&files, &scene.path("checkout"));
    scene
}

fn cut(scene: &Scene, more: &[&str]) -> Ended {
    Ended::of(scene.cutting(&[more, &["agent_bins"]].concat()))
}

#[test]
fn two_archives_at_two_addresses_make_one_tree() {
    let scene = scene("Vendor Packages", None);
    cut(&scene, &[]).assert(0, &[]);
    let found = stand_in::found(&scene.path("root"));
    let wanted = ["/opt/agent/bin/agent", "/usr/bin/some"].map(str::to_owned);
    assert_eq!(found, wanted.into());
    let asked = scene.web.asked();
    let from = |address: &str, what: &str| {
        let fits = |url: &str| url.starts_with(address) && url.contains(what);
        asked.iter().filter(|one| fits(&one.url)).count()
    };
    let ubuntu = &Hosts::known().ubuntu.main;
    assert_eq!((from(VENDOR, "agent_"), from(ubuntu, "some_")), (1, 1));
    assert_eq!((from(VENDOR, "some_"), from(ubuntu, "agent_")), (0, 0));
}

#[test]
fn a_mirror_named_for_it_comes_before_its_own_address() {
    let scene = scene("Vendor Packages", None);
    let mirror = format!("vendor=file://{}", scene.path("vendor"));
    cut(&scene, &["--mirror", &mirror]).assert(0, &[]);
    assert!(
        !scene
            .web
            .asked()
            .iter()
            .any(|one| one.url.starts_with(VENDOR))
    );
    // One that is named for all comes after it, and is not asked when it is not needed.
    cut(&scene, &["--mirror", "http://any.test"]).assert(0, &[]);
    let asked = scene.web.asked();
    assert!(asked.iter().any(|one| one.url.starts_with(VENDOR)));
    assert!(
        !asked
            .iter()
            .any(|one| one.url.contains("any.test") && one.url.contains("stable"))
    );
}

#[test]
fn a_wrong_label_or_key_is_refused_with_the_archive_named() {
    let wrong = scene("Somebody Else", None);
    let ended = cut(&wrong, &[]);
    ended.assert(
        1,
        &[
            "archive `vendor`",
            "Label",
            "Somebody Else",
            "Vendor Packages",
        ],
    );
    let other = ArchiveKey::make(&KeyPlan::PLAIN);
    let wrong = scene("Vendor Packages", Some(&other));
    let ended = cut(&wrong, &[]);
    ended.assert(1, &["archive `vendor`", "InRelease of `stable`"]);
    assert!(stand_in::found(&wrong.path("root")).is_empty());
    assert!(
        !wrong
            .web
            .asked()
            .iter()
            .any(|one| one.url.ends_with(".deb"))
    );
}
