//! The main job on the real archive and the embedded runtime: refusals, kills, errors.
//!
//! Needs root and a Debian archive; skipped with the reason where they are absent.

#![allow(
    clippy::too_many_lines,
    clippy::print_stdout,
    reason = "a test tells a whole story"
)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// Runs measure time; two at once would disturb each other.
static ALONE: Mutex<()> = Mutex::new(());

fn certify() -> Command {
    Command::new(env!("CARGO_BIN_EXE_certify"))
}

fn required(class: &str) -> bool {
    std::env::var("CERTIFY_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word == class))
}

/// Whether the real job can run here; a required class that is absent fails.
fn able(test: &str) -> bool {
    static ABLE: OnceLock<Option<(&'static str, String)>> = OnceLock::new();
    let lacking = ABLE.get_or_init(|| {
        let id = Command::new("id").arg("-u").output().unwrap();
        if id.stdout != b"0\n" {
            return Some(("root", "not root".to_owned()));
        }
        let doctor = certify().args(["doctor", "--json"]).output().unwrap();
        let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
        let findings: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let archive =
            findings.as_array().into_iter().flatten().any(|finding| {
                finding["what"] == "archive debian-13" && finding["state"] == "fine"
            });
        (!archive).then(|| {
            (
                "archive",
                "no archive for debian-13; set CERTIFY_MIRROR".to_owned(),
            )
        })
    });
    if let Some((class, why)) = lacking {
        assert!(!required(class), "{test} needs {class}: {why}");
        println!("skipped ({class}): {test}: {why}");
        return false;
    }
    true
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut call = certify();
    call.arg("run").args(arguments).current_dir(folder);
    call.output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

#[test]
fn an_image_is_certified_and_its_report_reads_back() {
    if !able("certifying valkey") {
        return;
    }
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let done = run(
        folder.path(),
        &["--image", "valkey", "--suite", "immutability"],
    );
    assert_eq!(code(&done), 0, "{}", said(&done));
    let latest = folder.path().join("target/certify/latest");
    for name in [
        "journal",
        "plan.json",
        "verdict.json",
        "report.json",
        "report.html",
        "report.md",
        "junit.xml",
        "certificates/valkey.oci.amd64.unsigned.json",
    ] {
        assert!(latest.join(name).is_file(), "{name}");
    }
    let again = certify()
        .args(["report", "latest"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(code(&again), 0, "{}", said(&again));
    // Cut off anywhere, the journal no longer certifies.
    let journal = std::fs::read(latest.join("journal")).unwrap();
    for end in [
        0,
        1,
        journal.len() / 3,
        journal.len() / 2,
        journal.len() - 1,
    ] {
        std::fs::write(latest.join("journal"), &journal[..end]).unwrap();
        let cut = certify()
            .args(["report", "latest"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(code(&cut), 4, "cut off at {end}: {}", said(&cut));
    }
}

#[test]
fn every_static_control_is_refused_alone() {
    if !able("certifying the setuid control") {
        return;
    }
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let control = root().join("images/controls/setuid.yaml");
    let control = control.to_str().unwrap();
    let done = run(
        folder.path(),
        &["--image", control, "--suite", "immutability"],
    );
    assert_eq!(code(&done), 1, "{}", said(&done));
    let text = said(&done);
    assert!(
        text.contains("IMM-005") && text.contains("/usr/bin/newgrp"),
        "{text}"
    );
}

#[test]
fn a_good_image_in_a_controls_place_voids_the_run() {
    if !able("swapping a control") {
        return;
    }
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let controls = folder.path().join("own/images/controls");
    std::fs::create_dir_all(&controls).unwrap();
    let good = std::fs::read_to_string(root().join("images/valkey.yaml")).unwrap();
    let swapped = format!("{good}control:\n  fails: [IMM-005]\n  flaw: none at all\n");
    std::fs::write(controls.join("setuid.yaml"), swapped).unwrap();
    let mut call = certify();
    call.args([
        "--config",
        "own",
        "run",
        "--image",
        "valkey",
        "--suite",
        "immutability",
    ]);
    let done = call.current_dir(folder.path()).output().unwrap();
    assert_eq!(code(&done), 6, "{}", said(&done));
    assert!(said(&done).contains("setuid"), "{}", said(&done));
}

#[test]
fn a_killed_run_is_incomplete_and_can_be_swept() {
    if !able("killing runs") {
        return;
    }
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut times = Times::new();
    for number in 0..kills() {
        let out = format!("killed{number}");
        let after_ms = times.draw();
        let mut call = certify();
        call.args(["run", "--image", "valkey", "--out", &out])
            .current_dir(folder.path());
        call.process_group(0).stderr(std::process::Stdio::null());
        let mut child = call.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(after_ms));
        let group = format!("-{}", child.id());
        let killed = Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()
            .unwrap();
        assert!(killed.success(), "it had ended before {after_ms} ms");
        child.wait().unwrap();
        let report = certify()
            .args(["report", &out])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let when = format!("seed {}, killed after {after_ms} ms", times.seed);
        assert_eq!(code(&report), 4, "{when}: {}", said(&report));
        if folder.path().join(&out).join("journal").is_file() {
            let swept = certify()
                .args(["sweep", &out])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(code(&swept), 0, "{when}: {}", said(&swept));
        }
        assert_eq!(
            groups_left(&folder.path().join(&out)),
            Vec::<String>::new(),
            "{when}"
        );
    }
    println!("figure: {} kills, seed {}", kills(), times.seed);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains("/certify-2"), "{mounts}");
}

/// How many runs are killed; the nightly row asks for more.
fn kills() -> u32 {
    std::env::var("CERTIFY_KILLS").map_or(5, |text| text.parse().unwrap())
}

/// Random times within a run, early ones as likely as late ones. `CERTIFY_SEED` repeats a row.
struct Times {
    seed: u64,
    state: u64,
}

impl Times {
    fn new() -> Self {
        let asked = std::env::var("CERTIFY_SEED").ok();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let seed = asked.map_or(now.as_secs(), |text| text.parse().unwrap());
        Self { seed, state: seed }
    }

    /// 0 to 9 s: a run of one image takes several times as long.
    fn draw(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.state >> 33) % 9000
    }
}

/// Control groups of the run that are still there.
fn groups_left(run: &Path) -> Vec<String> {
    let journal = std::fs::read(run.join("journal")).unwrap_or_default();
    let text = String::from_utf8_lossy(&journal).into_owned();
    let Some((_, rest)) = text.split_once("\"run\":\"") else {
        return Vec::new();
    };
    let id = rest.split('"').next().unwrap();
    let found = Command::new("find")
        .args(["/sys/fs/cgroup", "-maxdepth", "3", "-type", "d"])
        .args(["-name", &format!("certify-{id}*")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn nonsense_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "summary: x\nentrypont: [/x]\n";
    std::fs::write(folder.path().join("web.yaml"), spec).unwrap();
    for arguments in [
        &["--image", "web.yaml"][..],
        &["--image", "no-such-image"],
        &["--platform", "no-such-platform"],
        &["--suite", "no-such-suite"],
        &["--profile", "no-such-profile"],
    ] {
        let done = run(folder.path(), arguments);
        assert_eq!(code(&done), 2, "{arguments:?}: {}", said(&done));
    }
    let shown = said(&run(folder.path(), &["--image", "web.yaml"]));
    assert!(
        shown.contains("entrypont") && shown.contains("web.yaml"),
        "{shown}"
    );
    assert_eq!(
        certify()
            .arg("no-such-verb")
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
}
