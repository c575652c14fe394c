//! `slices lint`: what it finds, and its exit codes.

use crate::scene::{Ended, Scene};

fn lint(scene: &Scene, words: &[&str]) -> Ended {
    let mut call = scene.certify(&["slices", "lint"]);
    call.args(words);
    Ended::of(call)
}

#[test]
fn findings_are_printed_and_told_by_the_exit_code() {
    let Some(scene) = Scene::new() else { return };
    // The only file of the package is taken, without a reason.
    let found = lint(&scene, &["tiny"]);
    found.assert(1, &["1 slices, 1 findings"]);
    assert_eq!(
        found.stdout.trim_end(),
        "tiny_bins  whole  takes 1 of 1 files and has no reason in `whole`"
    );
    let found = lint(&scene, &["tiny", "--slice", "tiny_bins", "--json"]);
    found.assert(1, &[]);
    let told: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(told[0]["slice"], "tiny_bins");
    assert_eq!(told[0]["rule"], "whole");
    scene.write(
        "config/releases/tiny/slices/tiny.yaml",
        "package: tiny\nslices:\n  bins:\n    whole: there is nothing else\n    contents:\n      \
         /usr/bin/tiny:\n  gone:\n    contents:\n      /usr/bin/gone:\n",
    );
    let clean = lint(&scene, &["tiny", "--slice", "tiny_bins"]);
    clean.assert(0, &["1 slices, 0 findings"]);
    assert_eq!(clean.stdout, "");
    let found = lint(&scene, &["tiny"]);
    found.assert(1, &["2 slices, 1 findings"]);
    assert!(
        found.stdout.contains("no content at /usr/bin/gone"),
        "{}",
        found.stdout
    );
}

#[test]
fn bad_input_and_an_archive_that_is_not_there_are_told_apart() {
    let Some(scene) = Scene::new() else { return };
    lint(&scene, &["none"]).assert(2, &["invalid release reference: \"none\""]);
    lint(&scene, &["tiny", "--slice", "tiny_none"]).assert(2, &["no slice tiny_none"]);
    lint(&scene, &["tiny", "--arch", "pdp11"]).assert(2, &["pdp11"]);
    std::fs::remove_dir_all(scene.path("archive")).unwrap();
    lint(&scene, &["tiny"]).assert(5, &["tiny"]);
}
