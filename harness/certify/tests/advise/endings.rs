//! How advice ends when it cannot be given, or not wholly.

use std::process::Output;

use camino::Utf8Path;
use fs_err as fs;

use crate::needs::{self, Need, certify};

fn advise(arguments: &[&str]) -> Output {
    certify()
        .args(["slices", "advise"])
        .args(arguments)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_nothing_provides_is_named() {
    if !needs::have("advice with gaps", &[Need::Archive]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let app = Utf8Path::from_path(folder.path()).unwrap();
    fs::write(
        app.join("main.py"),
        "import json\nimport no_such_module_anywhere\n",
    )
    .unwrap();
    fs::write(app.join("bad.so"), b"\x7fELF\x02\x01\x01garbage").unwrap();
    fs::write(app.join("bad.jar"), b"PK\x03\x04garbage").unwrap();
    let done = advise(&[app.as_str(), "--json"]);
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    let advice: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let missing = advice["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(missing[0]["need"], "Python module no_such_module_anywhere");
    assert_eq!(missing[0]["by"], "main.py");
    let bad: Vec<&str> = advice["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bad| bad["path"].as_str().unwrap())
        .collect();
    assert_eq!(bad, ["bad.jar", "bad.so"]);
}

#[test]
fn bad_input_is_refused_before_advice() {
    if !needs::have("bad input", &[Need::Archive]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let app = Utf8Path::from_path(folder.path()).unwrap();
    fs::write(app.join("text"), "nothing that runs").unwrap();
    let absent = app.join("absent");
    for (arguments, wanted) in [
        (vec![absent.as_str()], "reading application"),
        (
            vec!["no-such-package-anywhere"],
            "neither a file, a folder nor a package",
        ),
        (vec![app.as_str()], "holds no program"),
        (vec![app.as_str(), "--arch", "z80"], "unknown architecture"),
        (
            vec![app.as_str(), "--release", "no-such-release"],
            "no-such-release",
        ),
    ] {
        let done = advise(&arguments);
        assert_eq!(
            done.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&done)
        );
        assert!(
            stderr(&done).contains(wanted),
            "{arguments:?}: {}",
            stderr(&done)
        );
    }
}

#[test]
fn an_archive_that_is_not_there_is_no_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let shipped = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../releases/debian-13");
    for path in ["slices", "keys"] {
        fs::create_dir_all(folder.join(path)).unwrap();
        for entry in shipped.join(path).read_dir_utf8().unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(path).join(entry.file_name())).unwrap();
        }
    }
    let text = fs::read_to_string(shipped.join("chisel.yaml")).unwrap();
    let text = text.replace("label: Debian\n", "label: Nobody's\n");
    fs::write(folder.join("chisel.yaml"), text).unwrap();
    let program = std::env::current_exe().unwrap();
    let program = program.to_str().unwrap();
    let done = advise(&[program, "--release", folder.as_str()]);
    assert_eq!(done.status.code(), Some(5), "{}", stderr(&done));
    assert!(
        stderr(&done).contains("no usable address"),
        "{}",
        stderr(&done)
    );
}

#[test]
fn a_package_can_be_the_application() {
    if !needs::have("advising a package", &[Need::Archive]) {
        return;
    }
    let done = advise(&["zlib1g", "--json", "--arch", "arm64"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let advice: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let slices: Vec<&str> = advice["slices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slice| slice["slice"].as_str().unwrap())
        .collect();
    assert_eq!(slices, ["libc6_libs", "zlib1g_libs"]);
    let file = &advice["packages"][1]["files"][0];
    assert_eq!(file["path"], "/usr/lib/aarch64-linux-gnu/libz.so.1");
}
