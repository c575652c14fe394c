//! The libtest front as a process.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::scene::{self, Ended, Scene};

/// The front's program, as cargo builds it: it is no target of plain `cargo test`.
fn front() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([
                "test",
                "-p",
                "certify",
                "--test",
                "certification",
                "--no-run",
            ])
            .args(["--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        // Build scripts that look at what describes this package would otherwise run again.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "OUT_DIR"];
            if about_us.iter().any(|start| text.starts_with(start)) {
                cargo.env_remove(&name);
            }
        }
        let output = cargo.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let built = |line: &str| -> Option<PathBuf> {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let is_it = message["target"]["name"] == "certification";
            is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
        };
        text.lines().find_map(built).unwrap()
    })
}

fn run(scene: &Scene, words: &[&str]) -> Ended {
    let mut call = scene.call(front());
    call.args(words);
    Ended::of(call)
}

fn scene(text: &str) -> Option<Scene> {
    let scene = Scene::new()?;
    scene.write("config/certify.yaml", text);
    Some(scene)
}

const IMMUTABLE: &str = "profile: tiny\nsuites: [immutability]\n";

fn trial(image: &str, suite: &str) -> String {
    let arch = model::Arch::host().unwrap().debian();
    format!("{image}::oci::{arch}::{suite}")
}

#[test]
fn the_list_is_the_plan_and_nothing_else_is_touched() {
    let Some(scene) = scene("profile: tiny\nimages: [tiny]\n") else {
        return;
    };
    let done = run(&scene, &["--list"]);
    done.assert(0, &[]);
    let listed: Vec<&str> = done
        .stdout
        .lines()
        .filter(|line| line.ends_with(": test"))
        .collect();
    let wanted: Vec<String> = ["immutability", "startup", "density"]
        .iter()
        .map(|suite| format!("{}: test", trial("tiny", suite)))
        .collect();
    assert_eq!(listed, wanted);
    assert_eq!(scene.server.asked(""), 0, "an archive was asked");
    assert!(!scene.path("target").exists(), "a run folder was made");
    assert!(
        !scene.path("cache/certify").exists(),
        "the cache was opened"
    );
}

#[test]
fn a_filter_that_selects_nothing_is_not_a_pass() {
    let Some(scene) = scene(IMMUTABLE) else {
        return;
    };
    for words in [&["no-such-cell"][..], &["--ignored"], &["--bench"]] {
        let done = run(&scene, words);
        done.assert(4, &["incomplete (exit 4)", "nothing was run"]);
        assert!(!done.stdout.contains("ok"), "{}", done.stdout);
    }
    assert_eq!(scene.server.asked(""), 0);
}

#[test]
fn good_passes_bad_fails_and_the_verdict_comes_last() {
    let Some(scene) = scene(&format!("{IMMUTABLE}images: [tiny, setuid]\n")) else {
        return;
    };
    setuid(&scene, "");
    let done = run(&scene, &["--test-threads=1"]);
    done.assert(1, &["not certified (exit 1)"]);
    let line = |image: &str, word: &str| {
        let start = format!("test {}", trial(image, "immutability"));
        let found = done.stdout.lines().find(|line| line.starts_with(&start));
        assert!(
            found.is_some_and(|line| line.ends_with(word)),
            "{}",
            done.stdout
        );
    };
    line("tiny", "ok");
    line("setuid", "FAILED");
    assert!(done.stdout.contains("IMM-005"), "{}", done.stdout);
    assert!(
        done.stdout.contains("1 passed; 1 failed"),
        "{}",
        done.stdout
    );
    let last = done.stderr.trim_end().lines().last().unwrap();
    assert!(last.starts_with("not certified (exit 1)"), "{last}");
    scene.assert_clean("target/certify/latest");
}

#[test]
fn a_filter_narrows_the_plan_itself() {
    let Some(scene) = scene(&format!("{IMMUTABLE}images: [tiny, setuid]\n")) else {
        return;
    };
    setuid(&scene, "");
    let done = run(&scene, &["--exact", &trial("tiny", "immutability")]);
    done.assert(0, &["certified (exit 0)"]);
    assert!(
        done.stdout.contains("1 passed; 0 failed"),
        "{}",
        done.stdout
    );
    let latest = scene.path("target/certify/latest");
    assert!(latest.join("images/tiny").is_dir());
    assert!(
        !latest.join("images/setuid").exists(),
        "an image outside the filter was built"
    );
    let plan = std::fs::read_to_string(latest.join("plan.json")).unwrap();
    assert!(plan.contains("not among the tests asked for"), "{plan}");
    assert!(!plan.contains("images/setuid.yaml"), "{plan}");
}

#[test]
fn blocked_cells_are_ignored_and_still_no_pass() {
    // Without a baseline there is nothing to compare with.
    let Some(scene) = scene("profile: tiny\nimages: [tiny]\nsuites: [startup]\n") else {
        return;
    };
    let done = run(&scene, &[]);
    done.assert(3, &["inconclusive (exit 3)"]);
    assert!(
        done.stdout.contains("0 passed; 0 failed; 1 ignored"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("no baseline"), "{}", done.stdout);
    let mut call = scene.call(front());
    call.env("CERTIFY_ALLOW_BLOCKED", "1");
    Ended::of(call).assert(0, &["CERTIFY_ALLOW_BLOCKED=1"]);
}

#[test]
fn a_void_run_fails_every_trial() {
    let Some(scene) = scene(&format!("{IMMUTABLE}images: [tiny]\n")) else {
        return;
    };
    // A control without its flaw.
    scene.image(
        "harmless",
        "serve",
        "control: {fails: [IMM-005], flaw: none at all}\n",
    );
    scene.profile(|profile| profile.controls.static_only = vec!["harmless".to_owned()]);
    let done = run(&scene, &[]);
    done.assert(6, &["(exit 6)"]);
    assert!(
        done.stdout.contains("0 passed; 1 failed"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("the run is void: control harmless"),
        "{}",
        done.stdout
    );
    // With it, the control is no trial and the run counts.
    setuid(
        &scene,
        "control: {fails: [IMM-005], flaw: a setuid program}\n",
    );
    scene.profile(|profile| profile.controls.static_only = vec!["setuid".to_owned()]);
    let done = run(&scene, &[]);
    done.assert(0, &["1 of 1 refused"]);
    assert!(
        done.stdout.contains("1 passed; 0 failed"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_run_without_a_verdict_fails_every_trial() {
    let Some(scene) = scene(&format!("{IMMUTABLE}images: [tiny]\n")) else {
        return;
    };
    let mut call = scene.call(front());
    call.env("CERTIFY_LIBEXEC", scene.path("tmp"));
    let done = Ended::of(call);
    done.assert(5, &["cargo xtask libexec", "(exit 5)"]);
    assert!(
        done.stdout.contains("0 passed; 1 failed"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("the run has no verdict"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_shipped_image_passes_and_a_shipped_control_fails_on_real_packages() {
    if !scene::has_archive() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = "images: [valkey, setuid]\nsuites: [immutability]\n";
    std::fs::write(folder.path().join("certify.yaml"), text).unwrap();
    let mut call = Command::new(front());
    call.current_dir(folder.path())
        .env_remove("CARGO_MANIFEST_DIR");
    let done = Ended::of(call);
    done.assert(1, &["not certified (exit 1)", "3 of 3 refused"]);
    assert!(
        done.stdout.contains("1 passed; 1 failed"),
        "{}",
        done.stdout
    );
    let failed = done.stdout.split("failures:").nth(1).unwrap();
    assert!(
        failed.contains("setuid::oci::") && failed.contains("IMM-005"),
        "{failed}"
    );
}

/// An image with a setuid program beside its own.
fn setuid(scene: &Scene, more: &str) {
    let file = "files:\n  - {path: /usr/bin/su, source: {text: x}, mode: \"4755\"}\n";
    scene.image("setuid", "serve", &format!("{file}{more}"));
}
