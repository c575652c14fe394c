//! What the tests that run the program for real share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test file uses its own part"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use probe::{Failed, Reply};
use serde::de::DeserializeOwned;

/// The program under test.
pub(crate) const PROBE: &str = env!("CARGO_BIN_EXE_probe");

/// Whether the test may go on: it needs root. An absence is printed, or fails when required.
pub(crate) fn is_root(test: &str) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("our status");
    let root = status.contains("Uid:\t0\t0\t0\t0");
    if !root {
        let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
        let reason = format!("{test} makes namespaces and mounts; run the tests as root");
        assert!(
            !required.split(',').any(|one| one == "root"),
            "required (root): {reason}"
        );
        println!("skipped (root): {reason}");
    }
    root
}

/// Runs a verb that answers with one document.
pub(crate) fn document<T: DeserializeOwned>(
    command: &mut Command,
    input: &str,
) -> Result<T, Failed> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("the probe starts");
    // A probe that refuses its arguments does not read its input.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the probe ends");
    let text = String::from_utf8(output.stdout).expect("text");
    if output.status.success() {
        return Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
    }
    Err(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// A running prober.
pub(crate) struct Prober {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) up: probe::Up,
}

impl Prober {
    /// Starts one and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROBE);
        command.arg("prober").args(arguments);
        Self::from(&mut command)
    }

    /// Waits until the prober of a command is ready.
    pub(crate) fn from(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the prober starts");
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let Reply::Ready(up) = read(&mut stdout) else {
            panic!("not ready");
        };
        Self {
            child,
            stdin,
            stdout,
            up,
        }
    }

    /// Sends one line.
    pub(crate) fn tell(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("still open");
        writeln!(stdin, "{line}").expect("heard");
    }

    /// Reads one reply.
    pub(crate) fn hear(&mut self) -> Reply {
        read(&mut self.stdout)
    }

    /// The prober's clock.
    pub(crate) fn now(&mut self) -> u64 {
        self.tell("ping");
        match self.hear() {
            Reply::Pong(pong) => pong.monotonic_ns,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: &mut BufReader<ChildStdout>) -> Reply {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// A container made of namespaces and a chroot, with a sleeping program inside.
pub(crate) struct Cell {
    child: Child,
    pub(crate) pid: u32,
}

impl Cell {
    /// Starts one: `script` prepares the mounts below `$ROOT` and execs what runs.
    pub(crate) fn start(wrapper: &[&str], root: &Path, script: &str) -> Self {
        let prepared = format!("set -e; mount --rbind \"$ROOT\" \"$ROOT\"; {script}");
        let mut command = Command::new(wrapper[0]);
        command
            .args(&wrapper[1..])
            .args(["sh", "-c", &prepared])
            .env("ROOT", root)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("unshare starts");
        let pid = wait_for_sleep(child.id());
        Self { child, pid }
    }

    /// Ends everything in it.
    pub(crate) fn stop(&mut self) {
        let kill = Command::new("kill")
            .args(["-9", &self.pid.to_string()])
            .status();
        assert!(kill.expect("kill starts").success());
        self.child.wait().expect("it ends");
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-9", &self.pid.to_string()])
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The pid of the descendant that has become `sleep`.
fn wait_for_sleep(ancestor: u32) -> u32 {
    for _ in 0..1000 {
        let mut pid = ancestor;
        loop {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            if comm.trim() == "sleep" {
                return pid;
            }
            let path = format!("/proc/{pid}/task/{pid}/children");
            let children = std::fs::read_to_string(path).unwrap_or_default();
            match children.split_whitespace().next() {
                Some(child) => pid = child.parse().expect("a pid"),
                None => break,
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nothing came to run in the cell");
}

/// Copies a program of this machine with its loader and libraries into a root.
pub(crate) fn install(root: &Path, program: &str) {
    let mut files = vec![PathBuf::from(program)];
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .expect("ldd starts");
    for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        if word.starts_with('/') {
            files.push(PathBuf::from(word));
        }
    }
    for file in files {
        let to = root.join(file.strip_prefix("/").expect("absolute"));
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        std::fs::copy(&file, &to).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

/// All of a stream that is still open elsewhere unless its writers are gone.
pub(crate) fn rest(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut text = String::new();
    stdout.read_to_string(&mut text).expect("text");
    text
}
