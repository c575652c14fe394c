//! Images of controls are kept between runs; the image under test is not.

use crate::scene::{Ended, Scene};

/// The log's line that begins so.
fn line<'a>(done: &'a Ended, start: &str) -> &'a str {
    let mut lines = done.stderr.lines().map(str::trim_start);
    let found = lines.find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no `{start}` in: {}", done.stderr))
}

fn manifest(scene: &Scene, out: &str, image: &str) -> String {
    let index = scene.path(&format!("{out}/images/{image}/candidate"));
    let arch = index.read_dir_utf8().unwrap().next().unwrap().unwrap();
    let text = std::fs::read_to_string(arch.path().join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    index["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

fn scene() -> Option<Scene> {
    let scene = Scene::new()?;
    control(&scene, "x");
    scene.profile(|profile| profile.controls.static_only = vec!["setuid".to_owned()]);
    Some(scene)
}

/// Writes a control whose setuid file holds `text`.
fn control(scene: &Scene, text: &str) {
    let more = format!(
        "files:\n  - {{path: /usr/bin/su, source: {{text: {text}}}, mode: \"4755\"}}\n\
         control: {{fails: [IMM-005], flaw: a setuid program}}\n"
    );
    scene.image("setuid", "serve", &more);
}

#[test]
fn controls_are_kept_and_what_is_certified_is_cut_anew() {
    let Some(scene) = scene() else { return };
    let first = Ended::of(scene.job("tiny", "immutability", "first"));
    first.assert(0, &["1 of 1 refused"]);
    assert!(!first.stderr.contains(" kept"), "{}", first.stderr);
    let again = Ended::of(scene.job("tiny", "immutability", "again"));
    again.assert(0, &["1 of 1 refused"]);
    assert!(
        line(&again, "Cut  setuid").contains(" kept"),
        "{}",
        again.stderr
    );
    assert!(
        !line(&again, "Cut  tiny").contains(" kept"),
        "{}",
        again.stderr
    );
    for image in ["setuid", "tiny"] {
        assert_eq!(
            manifest(&scene, "first", image),
            manifest(&scene, "again", image)
        );
    }
    // The same bytes lie unpacked already, and are hashed before they are used.
    let unpacked = line(&again, "Unpack");
    assert!(unpacked.contains("kept and hashed again"), "{unpacked}");
    let report = std::fs::read_to_string(scene.path("again/report.json")).unwrap();
    assert!(!report.contains("built by an earlier run"), "{report}");
    let journal = std::fs::read_to_string(scene.path("again/journal")).unwrap();
    assert!(journal.contains("built by an earlier run"), "{journal}");
    // The same image, certified by itself, is cut.
    let alone = Ended::of(scene.job("setuid", "immutability", "alone"));
    alone.assert(1, &["IMM-005"]);
    assert!(
        !line(&alone, "Cut  setuid").contains(" kept"),
        "{}",
        alone.stderr
    );
}

/// A subject may be another subject's baseline, built before it.
#[test]
fn a_subject_is_cut_anew_though_it_is_a_baseline_too() {
    let Some(scene) = scene() else { return };
    scene.image("other", "serve", "baseline: {spec: tiny}\n");
    let both = |out: &str| {
        let suite = ["--suite", "immutability", "--suite", "density"];
        let mut call = scene.job("other", "startup", out);
        call.args(suite).args(["--image", "tiny"]);
        Ended::of(call)
    };
    for out in ["first", "again"] {
        let done = both(out);
        assert!(
            !line(&done, "Cut  tiny").contains(" kept"),
            "{}",
            done.stderr
        );
        assert!(
            !line(&done, "Cut  other").contains(" kept"),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn what_changed_or_was_damaged_is_cut_again() {
    let Some(scene) = scene() else { return };
    Ended::of(scene.job("tiny", "immutability", "first")).assert(0, &[]);
    control(&scene, "y");
    let changed = Ended::of(scene.job("tiny", "immutability", "changed"));
    changed.assert(0, &["1 of 1 refused"]);
    assert!(
        !line(&changed, "Cut  setuid").contains(" kept"),
        "{}",
        changed.stderr
    );
    assert_ne!(
        manifest(&scene, "first", "setuid"),
        manifest(&scene, "changed", "setuid")
    );
    for kept in scene.path("cache/certify/images").read_dir_utf8().unwrap() {
        let blobs = kept.unwrap().path().join("blobs/sha256");
        for blob in blobs.read_dir_utf8().unwrap() {
            std::fs::write(blob.unwrap().path(), b"damaged").unwrap();
        }
    }
    let damaged = Ended::of(scene.job("tiny", "immutability", "damaged"));
    damaged.assert(0, &["1 of 1 refused"]);
    assert!(
        !line(&damaged, "Cut  setuid").contains(" kept"),
        "{}",
        damaged.stderr
    );
    assert_eq!(
        manifest(&scene, "changed", "setuid"),
        manifest(&scene, "damaged", "setuid")
    );
}
