//! An image that never becomes ready fails, with what it said last.

use crate::scene::{Ended, Scene};

#[test]
fn an_image_that_never_becomes_ready_fails_with_its_last_output() {
    let Some(scene) = Scene::new() else { return };
    scene.image("mute", "never", "");
    scene.profile(|profile| profile.startup.ready_deadline_ms = 1500);
    for suite in ["startup", "immutability", "density"] {
        let done = Ended::of(scene.job("mute", suite, suite));
        done.assert(
            1,
            &["cannot find my table", "1500 ms", "not certified (exit 1)"],
        );
        scene.assert_clean(suite);
    }
}

#[test]
fn an_image_that_ends_at_once_is_told_so() {
    let Some(scene) = Scene::new() else { return };
    scene.image("short", "nothing-it-knows", "");
    let done = Ended::of(scene.job("short", "startup", "out"));
    done.assert(1, &["it ended: Code(4)"]);
    scene.assert_clean("out");
}

/// The folder a writable path is mounted on is all that this spec adds to the packages.
#[test]
fn an_image_with_one_writable_folder_and_no_file_has_the_folder() {
    let Some(scene) = Scene::new() else { return };
    let more = "writable:\n  - {path: /data, size_mib: 1}\n";
    scene.image("folder", "serve", more);
    let done = Ended::of(scene.job("folder", "immutability", "out"));
    done.assert(0, &["certified (exit 0)"]);
    scene.assert_clean("out");
}
