//! The stamper, run for real.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests stand on std alone, as the program does"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use probe::{BuildInfo, Memory, Stamp};

mod rig;
use rig::PROBE;

#[test]
fn stamps_then_becomes_the_program() {
    let mut command = Command::new(PROBE);
    command.args([
        "stamp",
        "--",
        "sh",
        "-c",
        "echo $$; echo \"$@\" >&2",
        "x",
        "a  b",
        "--",
    ]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (line, rest) = text.split_once('\n').unwrap();
    let stamp = Stamp::from_line(line).expect("a stamp");
    assert_eq!((stamp.pid, rest.trim()), (pid, pid.to_string().as_str()));
    assert!(stamp.monotonic_ns > 0 && stamp.boottime_ns >= stamp.monotonic_ns);
    assert!(stamp.realtime_ns > 1_700_000_000_000_000_000);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "a  b --\n");
}

#[test]
fn leaves_signals_and_descriptors_alone() {
    let seen = |arguments: &[&str]| {
        let script = "grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd";
        let mut command = Command::new(arguments[0]);
        let output = command
            .args(&arguments[1..])
            .args(["sh", "-c", script])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .filter(|line| !line.starts_with(Stamp::PREFIX))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&["env"]), seen(&[PROBE, "stamp"]));
    let ignored = ["sh", "-c", "trap '' PIPE HUP; exec \"$@\"", "x"];
    let stamped = [&ignored[..], &[PROBE, "stamp"]].concat();
    assert_eq!(seen(&[&ignored[..], &["env"]].concat()), seen(&stamped));
}

#[test]
fn says_why_it_cannot_execute() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, "exit 0\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = script.to_str().unwrap();
    let lost = folder.path().join("lost");
    std::fs::write(&lost, "#!/no/interpreter\n").unwrap();
    std::fs::set_permissions(&lost, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A file without `#!` is not handed to a shell, as a runtime would not either.
    for (program, code) in [
        ("no-such-program", 127),
        ("/no/such/program", 127),
        ("", 127),
        ("/etc/passwd", 126),
        ("/etc", 126),
        (script, 126),
        (lost.to_str().unwrap(), 127),
    ] {
        let output = Command::new(PROBE)
            .args(["stamp", program])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{program}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.starts_with("probe stamp: cannot execute"), "{text}");
    }
    for none in [&["stamp"][..], &["stamp", "--"]] {
        let output = Command::new(PROBE).args(none).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    }
}

#[test]
fn looks_along_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("certify-tool");
    std::fs::write(&tool, "#!/bin/sh\necho found\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let here = folder.path().to_str().unwrap();
    for path in [
        format!("/nowhere:{here}"),
        format!("{}:{here}", "x".repeat(5000)),
        ":".to_owned(),
    ] {
        let mut command = Command::new(PROBE);
        command
            .args(["stamp", "certify-tool"])
            .env("PATH", &path)
            .current_dir(here);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.ends_with("found\n"), "{path}: {text}");
    }
}

#[test]
fn tells_its_build_and_refuses_wrong_calls() {
    let info: BuildInfo = rig::document(Command::new(PROBE).arg("--build-info"), "").unwrap();
    assert_eq!(info.name, "probe");
    assert!(!info.source_hash.is_empty());
    for bad in [
        &[][..],
        &["nonsense"],
        &["facts"],
        &["facts", "--pid", "x"],
        &["hash", "--uid", "1"],
    ] {
        let mut command = Command::new(PROBE);
        let failed = rig::document::<BuildInfo>(command.args(bad), "").unwrap_err();
        assert_eq!(failed.error.kind, probe::FailureKind::Usage, "{bad:?}");
        assert_eq!(
            Command::new(PROBE)
                .args(bad)
                .output()
                .unwrap()
                .status
                .code(),
            Some(2)
        );
    }
}

#[test]
fn memory_sums_up_the_processes_around_it() {
    let output = Command::new(PROBE).arg("memory").output().unwrap();
    assert!(output.status.success());
    let memory: Memory = serde_json::from_slice(&output.stdout).unwrap();
    // This test is one of them at least, and may be read by its own child.
    assert!(memory.processes >= 1, "{memory:?}");
    assert!(memory.pss_bytes > memory.pss_anon_bytes && memory.pss_anon_bytes > 0);
    let more = Command::new(PROBE)
        .args(["memory", "now"])
        .output()
        .unwrap();
    assert_eq!(more.status.code(), Some(2));
}
