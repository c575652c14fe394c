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
