//! Two programs at once on one host: caches are shared without harm, timed cells take turns.

use engine::journal::Record;
use testkit::Fault;

use crate::scene::{Scene, wait};

fn has(records: &[Record], fits: impl Fn(&Record) -> bool) -> bool {
    records.iter().any(fits)
}

fn queued_ms(records: &[Record]) -> f64 {
    let queued = |record: &Record| match record {
        Record::Span { what, ms } if what == engine::QUEUE_SPAN => Some(*ms),
        _ => None,
    };
    records.iter().filter_map(queued).sum()
}

#[test]
fn timed_cells_of_two_runs_take_turns() {
    let Some(scene) = Scene::new() else { return };
    scene.image("tiny", "serve", "baseline: {spec: tiny}\n");
    let mut first = scene.start(scene.job("tiny", "startup", "first"), "first");
    let measures = |record: &Record| matches!(record, Record::Trial(_));
    wait(
        "a trial",
        || has(&scene.records("first"), measures),
        || first.said(),
    );
    let mut second = scene.start(scene.job("tiny", "startup", "second"), "second");
    second.says("another run on this host is measuring");
    // The second must not measure before the first has ended its cell. The second is read first:
    // whatever let it begin was written before.
    wait(
        "a trial of the second",
        || {
            let (second, first) = (scene.records("second"), scene.records("first"));
            let began = has(&second, measures);
            assert!(
                !began || has(&first, |record| matches!(record, Record::CellEnd(_))),
                "both measured at once"
            );
            began
        },
        || second.said(),
    );
    let (first_code, second_code) = (first.code(), second.code());
    for (code, run) in [(first_code, &first), (second_code, &second)] {
        // Equal arms on a busy machine: decided, or honestly not.
        assert!(matches!(code, Some(0 | 3)), "{code:?}: {}", run.said());
    }
    assert_eq!(queued_ms(&scene.records("first")), 0.0);
    let waited = queued_ms(&scene.records("second"));
    assert!(waited > 0.0);
    assert!(
        second.said().contains("waited for another run"),
        "{}",
        second.said()
    );
    let report = std::fs::read(scene.path("second/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let number = |name: &str| report["run"][name].as_f64().unwrap();
    assert!(
        number("overhead_ms") + waited <= number("duration_ms") + 1.0,
        "waiting counts as overhead: {report}"
    );
    scene.assert_clean("first");
    scene.assert_clean("second");
}

#[test]
fn a_run_that_waits_for_its_turn_can_be_interrupted() {
    let Some(scene) = Scene::new() else { return };
    let held = std::fs::File::create(scene.path("host.lock")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let mut running = scene.start(scene.job("tiny", "startup", "out"), "run");
    running.says("another run on this host is measuring");
    running.interrupt();
    assert_eq!(running.code(), Some(4), "{}", running.said());
    scene.assert_clean("out");
    assert!(!has(&scene.records("out"), |record| matches!(
        record,
        Record::Trial(_)
    )));
}

#[test]
fn two_builds_share_one_download_and_make_the_same_bytes() {
    let Some(scene) = Scene::new() else { return };
    let step =
        "finish:\n  - name: touch\n    run: [/usr/bin/tiny, touch]\n    produces: [/var/made]\n";
    scene.image("finished", "serve", step);
    // Slow enough that the second asks while the first is still fetching.
    let pause = Fault::Slow(std::time::Duration::from_millis(700));
    scene.server.spoil(".deb", pause);
    let build = |out: &str| {
        let call = scene.certify(&["build", "finished", "--out", out]);
        scene.start(call, out)
    };
    let mut both = [build("one"), build("two")];
    for running in &mut both {
        assert_eq!(running.code(), Some(0), "{}", running.said());
    }
    assert_eq!(scene.server.asked(".deb"), 1);
    let layout = |out: &str| {
        let arch = model::Arch::host().unwrap().debian();
        let path = format!("{out}/images/finished/candidate/{arch}/index.json");
        std::fs::read_to_string(scene.path(&path)).unwrap()
    };
    assert_eq!(layout("one"), layout("two"));
    scene.assert_cache_without(&[]);
    let finished = std::fs::read_dir(scene.path("cache/certify/finish")).unwrap();
    assert_eq!(finished.count(), 1);
    // A third finds everything at hand.
    assert_eq!(build("three").code(), Some(0));
    assert_eq!(scene.server.asked(".deb"), 1);
    assert_eq!(layout("three"), layout("one"));
}
