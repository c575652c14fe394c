//! A bundle with a static program, and the runtime called on it.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

/// Whose rights the runtime is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Root.
    Root,
    /// Somebody with neither rights nor a home.
    Nobody,
}

/// The user id of [`Caller::Nobody`].
pub const NOBODY: u32 = 65534;

/// A folder with a bundle, a state folder and a copy of the runtime.
pub struct Bundle {
    pub folder: TempDir,
    pub caller: Caller,
    pub id: String,
}

/// Says why a class of tests cannot run here; fails when it must.
pub fn skipped(class: &str, reason: &str) {
    let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word == class),
        "{class} is required: {reason}"
    );
    eprintln!("skipped ({class}): {reason}");
}

/// Whether tests that need root can run; says so when not.
pub fn root() -> bool {
    if !nix::unistd::geteuid().is_root() {
        skipped("root", "run the tests as root");
        return false;
    }
    program().is_some()
}

/// The static program, built once.
fn program() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("subject");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundle/subject.c");
        let made = Command::new("cc")
            .args(["-static", "-O1", "-o"])
            .arg(&path)
            .arg(source)
            .status();
        if made.is_ok_and(|status| status.success()) {
            Some((folder, path))
        } else {
            skipped(
                "root",
                "`cc -static` does not work: install gcc and libc6-dev",
            );
            None
        }
    });
    built.as_ref().map(|(_, path)| path.as_path())
}

impl Bundle {
    /// A bundle whose program gets `word`; `change` edits the spec.
    pub fn new(caller: Caller, word: &str, change: impl FnOnce(&mut serde_json::Value)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["rootfs", "state"] {
            std::fs::create_dir(at.join(name)).unwrap();
        }
        for name in ["dev", "proc", "tmp"] {
            std::fs::create_dir(at.join("rootfs").join(name)).unwrap();
        }
        std::fs::hard_link(program().unwrap(), at.join("rootfs/subject")).unwrap();
        // A link where possible: a copy still open for writing in a fork of another test's thread
        // cannot be executed.
        let runtime = Path::new(env!("CARGO_BIN_EXE_launch"));
        std::fs::hard_link(runtime, at.join("launch"))
            .or_else(|_| std::fs::copy(runtime, at.join("launch")).map(drop))
            .unwrap();
        let id = format!(
            "t{}-{}",
            std::process::id(),
            at.file_name().unwrap().to_string_lossy().replace('.', "")
        );
        let mut spec = spec(word, &id);
        change(&mut spec);
        std::fs::write(at.join("config.json"), spec.to_string()).unwrap();
        if caller == Caller::Nobody {
            for path in [at, &at.join("state")] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        Self { folder, caller, id }
    }

    /// Calls the runtime and waits.
    pub fn launch(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Calls it and insists on success.
    pub fn must(&self, words: &[&str]) -> String {
        let output = self.launch(words);
        assert!(
            output.status.success(),
            "{words:?}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            self.read("log")
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Calls it and insists on failure; the message.
    pub fn refused(&self, words: &[&str]) -> String {
        let output = self.launch(words);
        assert!(!output.status.success(), "{words:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Creates the container with its output in files, as a driver does.
    pub fn create(&self) -> std::process::ExitStatus {
        let file = |name: &str| std::fs::File::create(self.path(name)).unwrap();
        let (out, err) = (file("out"), file("err"));
        self.command(&["create", "--bundle", ".", "--pid-file", "pid", &self.id])
            .stdout(out)
            .stderr(err)
            .status()
            .unwrap()
    }

    /// The command, not yet started.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.path("launch"));
        command
            .current_dir(self.folder.path())
            .args(["--root", "state", "--log", "log", "--log-format", "json"])
            .args(words)
            .stdin(Stdio::null());
        if self.caller == Caller::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn pid(&self) -> i32 {
        self.read("pid").trim().parse().unwrap()
    }

    /// `status` of `state`.
    pub fn status(&self) -> String {
        let state: serde_json::Value =
            serde_json::from_str(&self.must(&["state", &self.id])).unwrap();
        assert_eq!(state["id"], self.id.as_str());
        assert_eq!(state["bundle"], self.folder.path().to_str().unwrap());
        state["status"].as_str().unwrap().to_owned()
    }

    /// Everything the container may have left: state, cgroups, mounts.
    pub fn leftovers(&self) -> Vec<String> {
        let mut left = Vec::new();
        for folder in ["state", "state/.launch"] {
            if let Ok(entries) = std::fs::read_dir(self.path(folder)) {
                left.extend(
                    entries
                        .map(|e| e.unwrap().path().display().to_string())
                        .filter(|path| path.contains(&self.id)),
                );
            }
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let own = self.folder.path().to_str().unwrap();
        left.extend(mounts.lines().filter(|l| l.contains(own)).map(String::from));
        left.extend(cgroups(&self.id));
        left
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        let _ = self.command(&["delete", "--force", &self.id]).output();
    }
}

/// Cgroups of any hierarchy named after `id`.
pub fn cgroups(id: &str) -> Vec<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts
        .lines()
        .filter(|line| line.contains(" - cgroup"))
        .filter_map(|line| line.split(' ').nth(4))
        .map(|mount| format!("{mount}/launch-tests/{id}"))
        .filter(|path| Path::new(path).exists())
        .collect()
}

/// The program's `key=value` lines.
pub fn answers(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Checks until it holds, at most ten seconds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{what} did not happen");
}

/// Kills and reaps a process of the tests when it goes out of scope.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every file below `folder` with its size and mode, to see that nothing changed.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        let time = meta.modified().unwrap();
        found.push(format!(
            "{:?} {:?} {time:?}",
            entry.path(),
            meta.permissions()
        ));
        if meta.is_dir() {
            found.extend(listing(&entry.path()));
        }
    }
    found.sort();
    found
}

fn spec(word: &str, id: &str) -> serde_json::Value {
    let profile =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../platforms/profiles/seccomp-default.json");
    let profile: serde_json::Value =
        serde_json::from_slice(&std::fs::read(profile).unwrap()).unwrap();
    let none: [&str; 0] = [];
    serde_json::json!({
        "ociVersion": "1.0.2",
        "hostname": "subject",
        "root": {"path": "rootfs", "readonly": true},
        "annotations": {"dev.certify.overlay.lower": "rootfs"},
        "process": {
            "user": {"uid": 65532, "gid": 65532},
            "args": ["/subject", word],
            "env": ["WORD=one two"],
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": {"bounding": none, "effective": none, "permitted": none,
                             "inheritable": none, "ambient": none},
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc",
             "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "nodev", "noexec", "mode=700", "uid=65532", "gid=65532"]},
        ],
        "linux": {
            "cgroupsPath": format!("/launch-tests/{id}"),
            "resources": {"memory": {"limit": 67108864u64}, "pids": {"limit": 32}},
            "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
                           {"type": "network"}, {"type": "cgroup"}],
            "maskedPaths": ["/proc/kcore", "/proc/keys"],
            "readonlyPaths": ["/proc/sys"],
            "seccomp": profile,
        },
    })
}
