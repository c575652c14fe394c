//! Archives that are not what they should be: exit 5 with the cause, nothing half-written kept.

use testkit::{ArchiveKey, DebBuilder, Fault, KeyPlan};

use crate::scene::{Ended, Scene};

/// Runs the job and asserts that the archive was refused for the `causes`; what was said.
fn assert_refused(scene: &Scene, causes: &[&str]) -> String {
    let done = Ended::of(scene.job("tiny", "immutability", "out"));
    done.assert(5, causes);
    assert!(
        done.stderr
            .trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("(exit 5)")
    );
    scene.assert_clean("out");
    done.stderr
}

fn package_digest(scene: &Scene) -> String {
    let pool = scene.path("archive/pool/main");
    let package = pool.read_dir_utf8().unwrap().next().unwrap().unwrap();
    model::Digest::of(&std::fs::read(package.path()).unwrap()).hex()
}

#[test]
fn a_good_archive_is_used() {
    let Some(scene) = Scene::new() else { return };
    Ended::of(scene.job("tiny", "immutability", "out")).assert(0, &["certified (exit 0)"]);
    scene.assert_clean("out");
    scene.assert_cache_without(&[]);
}

#[test]
fn a_wrongly_signed_archive_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let other = ArchiveKey::make(&KeyPlan::PLAIN);
    scene.sign(&other, DebBuilder::new("tiny", "1.0-1").build());
    assert_refused(&scene, &["InRelease of `tiny`", "CERTIFY_MIRROR"]);
    scene.assert_cache_without(&[]);
    assert_eq!(scene.server.asked(".deb"), 0);
}

#[test]
fn an_index_with_other_bytes_is_refused() {
    let Some(scene) = Scene::new() else { return };
    // By hash and by name, in every form.
    for form in ["Packages", "Packages.gz", "Packages.xz"] {
        let folder = format!("binary-{}", model::Arch::host().unwrap().debian());
        let path = scene
            .path("archive/dists/tiny/main")
            .join(folder)
            .join(form);
        let hex = model::Digest::of(&std::fs::read(path).unwrap()).hex();
        scene.server.spoil(&hex, Fault::WrongBytes);
        scene.server.spoil(form, Fault::WrongBytes);
    }
    let said = assert_refused(&scene, &["archive `tiny`", "content is", "wanted"]);
    // Each cause is told once, however many errors carry it.
    let note = said.lines().find(|line| line.contains("Note")).unwrap();
    assert_eq!(note.matches("content is").count(), 1, "{note}");
    scene.assert_cache_without(&[]);
}

#[test]
fn a_package_with_other_bytes_is_refused() {
    let Some(scene) = Scene::new() else { return };
    scene.server.spoil(".deb", Fault::WrongBytes);
    assert_refused(&scene, &["tiny_1.0-1", "content is", "wanted"]);
    scene.assert_cache_without(&[package_digest(&scene)]);
}

#[test]
fn a_package_that_breaks_off_is_refused() {
    let Some(scene) = Scene::new() else { return };
    scene.server.spoil(".deb", Fault::Truncated(100));
    assert_refused(&scene, &["tiny_1.0-1"]);
    scene.assert_cache_without(&[package_digest(&scene)]);
    // Not a single try: a connection may break once.
    assert!(scene.server.asked(".deb") > 1);
}

#[test]
fn a_package_that_is_no_package_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let key = ArchiveKey::make(&KeyPlan::PLAIN);
    let mut package = DebBuilder::new("tiny", "1.0-1")
        .architecture(model::Arch::host().unwrap().debian())
        .file("/usr/bin/tiny", 0o755, &[7; 20_000])
        .build();
    package.bytes.truncate(package.bytes.len() - 40);
    scene.sign(&key, package);
    let release = "config/releases/tiny/chisel.yaml";
    let text = std::fs::read_to_string(scene.path(release)).unwrap();
    let old = text.split("id: ").nth(1).unwrap().lines().next().unwrap();
    let fingerprint = key.signing_fingerprint();
    let id = &fingerprint[fingerprint.len() - 16..];
    scene.write(release, &text.replace(old, id));
    scene.write("config/releases/tiny/keys/tiny.asc", &key.armored());
    assert_refused(&scene, &["tiny"]);
}
