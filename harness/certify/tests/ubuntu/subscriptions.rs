//! Subscriptions: left out without credentials, and with them nothing goes astray.

use model::Hosts;

use crate::hosts::ALIVE;
use crate::scene::{Ended, Scene};
use crate::stand_in;
use crate::web::Site;

const PRO: &str = "  esm:\n    version: 24.04\n    suites: [noble-apps-security]\n    components: [main]\n    \
                   public-keys: [test]\n    priority: 16\n    pro: esm-apps\n";

/// The plain archive with version 1, the subscription with version 2.
fn scene() -> Scene {
    let scene = Scene::new();
    let hosts = &Hosts::known().ubuntu;
    let plain = Scene::suite("noble", "noble", "Ubuntu");
    let plain = plain.package("main", stand_in::some("amd64", "1.0"));
    let folder = scene.archive("plain", &scene.key, vec![plain]);
    scene.web.serve(&hosts.main, Site::Folder(folder));
    let apps = Scene::suite("noble-apps-security", "noble", "UbuntuESMApps");
    let apps = apps.package("main", stand_in::some("amd64", "2.0"));
    let folder = scene.archive("apps", &scene.key, vec![apps]);
    scene.web.serve(&hosts.pro.esm_apps, Site::Folder(folder));
    stand_in::lay(
        &stand_in::small(ALIVE, PRO, &scene.key),
        &scene.path("checkout"),
    );
    scene
}

fn log_in(scene: &Scene, text: &str) {
    scene.write("host/etc/apt/auth.conf.d/90esm.conf", text);
}

/// As the subscription's own client writes it.
fn entry() -> String {
    let address = &Hosts::known().ubuntu.pro.esm_apps;
    let place = address.strip_prefix("https://").unwrap();
    format!("machine {place}/ login bearer password s3cret  # by a client\n")
}

fn cut(scene: &Scene, more: &[&str]) -> Ended {
    Ended::of(scene.cutting(&[more, &["some_bins"]].concat()))
}

fn version(scene: &Scene) -> String {
    std::fs::read_to_string(scene.path("root/usr/bin/some")).unwrap()
}

#[test]
fn without_credentials_a_subscription_is_left_out_with_a_line() {
    let scene = scene();
    cut(&scene, &[]).assert(0, &["archive \"esm\" ignored: credentials not found"]);
    assert_eq!(version(&scene), "1.0");
    // A login without a scheme is for encrypted addresses; one for elsewhere is none.
    log_in(&scene, "machine other.test login u password p\n");
    cut(&scene, &[]).assert(0, &["ignored"]);
    let pro = &Hosts::known().ubuntu.pro.esm_apps;
    let asked = scene.web.asked();
    assert!(
        !asked.iter().any(|one| one.url.starts_with(pro)),
        "{asked:?}"
    );
    assert!(
        asked.iter().all(|one| one.authorization.is_none()),
        "{asked:?}"
    );
}

#[test]
fn credentials_go_to_the_subscriptions_host_alone() {
    let scene = scene();
    log_in(&scene, &entry());
    let ended = cut(&scene, &[]);
    ended.assert(0, &[]);
    assert!(!ended.stderr.contains("ignored"), "{}", ended.stderr);
    assert_eq!(version(&scene), "2.0");
    let pro = &Hosts::known().ubuntu.pro.esm_apps;
    let asked = scene.web.asked();
    for one in &asked {
        let is_pro = one.url.starts_with(pro);
        // base64 of `bearer:s3cret`
        let wanted = is_pro.then_some("Basic YmVhcmVyOnMzY3JldA==");
        assert_eq!(one.authorization.as_deref(), wanted, "{}", one.url);
    }
    assert!(asked.iter().any(|one| one.url.starts_with(pro)));
    assert!(asked.iter().any(|one| !one.url.starts_with(pro)));
}

#[test]
fn a_folder_that_is_named_stands_in_for_apts() {
    let scene = scene();
    scene.write("auth/esm.conf", &entry());
    let mut call = scene.cutting(&["some_bins"]);
    call.env("CHISEL_AUTH_DIR", scene.path("auth"));
    Ended::of(call).assert(0, &[]);
    assert_eq!(version(&scene), "2.0");
}

#[test]
fn credentials_do_not_follow_a_redirect_and_stand_in_no_error() {
    let scene = scene();
    log_in(&scene, &entry());
    let pro = &Hosts::known().ubuntu.pro.esm_apps;
    scene
        .web
        .serve(pro, Site::Elsewhere("https://elsewhere.test/x".to_owned()));
    scene
        .web
        .serve("https://elsewhere.test/x", Site::Status(404));
    let ended = cut(&scene, &[]);
    ended.assert(1, &["archive `esm`", "404"]);
    assert!(
        !ended.stderr.contains("s3cret") && !ended.stderr.contains("bearer"),
        "{}",
        ended.stderr
    );
    let asked = scene.web.asked();
    let there: Vec<_> = asked
        .iter()
        .filter(|one| one.url.contains("elsewhere"))
        .collect();
    assert!(!there.is_empty());
    assert!(
        there.iter().all(|one| one.authorization.is_none()),
        "{there:?}"
    );
    scene.web.serve(pro, Site::Status(401));
    let ended = cut(&scene, &[]);
    ended.assert(1, &["archive `esm`", "401"]);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}

#[test]
fn a_mirror_that_is_named_for_it_wants_no_credentials() {
    let scene = scene();
    let mirror = format!("esm=file://{}", scene.path("apps"));
    let ended = cut(&scene, &["--mirror", &mirror]);
    ended.assert(0, &[]);
    assert_eq!(version(&scene), "2.0");
}
