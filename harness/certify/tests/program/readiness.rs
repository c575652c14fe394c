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

/// Nothing keeps running that could be looked into; its bytes are judged like any image's, and what
/// was not seen gives no level.
#[test]
fn a_program_that_ends_by_itself_is_judged_by_what_can_be_seen_of_it() {
    let Some(scene) = Scene::new() else { return };
    scene.write(
        "config/images/short.yaml",
        "summary: A program that ends\nslices: {tiny: [tiny_bins]}\nconfig: {entrypoint: \
         [/usr/bin/tiny, nothing-it-knows]}\nreadiness: {exit: {code: 4}}\nresources: {memory_mib: \
         64, pids: 16}\nbaseline: none\n",
    );
    Ended::of(scene.job("short", "immutability", "out")).assert(0, &["1 image at L1"]);
    scene.assert_clean("out");
    let report = std::fs::read_to_string(scene.path("out/report.json")).unwrap();
    let report: model::Report = serde_json::from_str(&report).unwrap();
    for check in &report.cells[0].checks {
        let wanted = match check.id.as_str().starts_with("IMM-1") {
            true => model::Outcome::NotApplicable,
            false => model::Outcome::Pass,
        };
        assert_eq!(check.outcome, wanted, "{}: {}", check.id, check.message);
    }
    assert_eq!(report.cells[0].warnings, [""; 0]);
    let missing = &report.subjects[0].levels[0].missing_for_next;
    assert!(
        missing.iter().any(|id| id.as_str() == "IMM-101"),
        "{missing:?}"
    );
    // Its starts are timed up to its end, and count.
    Ended::of(scene.job("short", "startup", "startup"));
    let records = scene.records("startup");
    let starts = records.iter().filter_map(|record| match record {
        engine::journal::Record::Trial(trial) => Some(trial),
        _ => None,
    });
    let starts: Vec<_> = starts.collect();
    let counts = |trial: &&&model::Trial| trial.rejected.is_none();
    assert_eq!(starts.iter().filter(counts).count(), starts.len());
    assert!(starts.len() > 5, "{}", starts.len());
    assert!(
        starts
            .iter()
            .all(|trial| trial.values["app_ready_ms"] > 0.0)
    );
    // Disk has nothing to be compared with here; memory is not even asked for.
    Ended::of(scene.job("short", "density", "density")).assert(3, &[]);
    let report = std::fs::read_to_string(scene.path("density/report.json")).unwrap();
    let report: model::Report = serde_json::from_str(&report).unwrap();
    let memory = &report.cells[0].checks[0];
    assert_eq!(
        memory.outcome,
        model::Outcome::NotApplicable,
        "{}",
        memory.message
    );
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
