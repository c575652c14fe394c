//! Containers of the embedded runtime, isolated as images are measured: a read-only root, a plain
//! user, no capabilities, the filter on system calls, a network of its own with loopback alone.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rootfs::Tree;
use serde_json::json;

use crate::source;

/// The user of every container.
const USER: u32 = 65532;

/// The time of every file: gzip takes none before 1970.
const TIME: u64 = 1_754_697_600;

/// How long one container may take.
const LONGEST: Duration = Duration::from_secs(120);

/// How long a server may take until its client succeeds.
const LONGEST_START: Duration = Duration::from_secs(60);

/// A folder for the roots and containers of one program.
pub struct Place {
    folder: tempfile::TempDir,
    launch: Utf8PathBuf,
    shared: Vec<String>,
}

/// One container, not yet started.
pub struct Container<'p> {
    place: &'p Place,
    bundle: Utf8PathBuf,
    id: String,
    config: serde_json::Value,
}

/// A container that ended.
pub struct Ran {
    /// Its exit status, or minus one.
    pub status: i32,
    /// What it and the runtime said, standard output first.
    pub said: String,
}

impl Place {
    /// A place whose containers share the folders `shared`.
    pub fn new(shared: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let launch = certify::libexec::find().unwrap().launch;
        let place = Self {
            folder,
            launch,
            shared: shared.to_vec(),
        };
        for at in 0..shared.len() {
            let path = place.shared_folder(at);
            std::fs::create_dir_all(&path).unwrap();
            chown(&path, Some(USER), Some(USER)).unwrap();
        }
        place
    }

    /// Unpacks `tree` into a root called `name`.
    pub fn lay(&self, name: &str, tree: &Tree) -> Utf8PathBuf {
        let root = self.path().join(name);
        std::fs::create_dir(&root).unwrap();
        image::unpack(tree, root.as_std_path(), image::Owners::Keep, TIME).unwrap();
        root
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn shared_folder(&self, at: usize) -> Utf8PathBuf {
        self.path().join(format!("shared{at}"))
    }

    fn mounts(&self) -> Vec<serde_json::Value> {
        let own = format!("uid={USER},gid={USER}");
        let (uid, gid) = own.split_once(',').unwrap();
        let mut mounts = vec![
            json!({"destination": "/proc", "type": "proc", "source": "proc",
                "options": ["nosuid", "noexec", "nodev"]}),
            json!({"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]}),
            json!({"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
                "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]}),
            json!({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "nodev", "mode=700", uid, gid]}),
        ];
        for (at, path) in self.shared.iter().enumerate() {
            mounts.push(json!({"destination": path, "type": "bind",
                "source": self.shared_folder(at), "options": ["bind", "rw", "nosuid", "nodev"]}));
        }
        mounts
    }
}

impl<'p> Container<'p> {
    /// A container that runs `run` on `root`.
    pub fn new(
        place: &'p Place,
        root: &Utf8Path,
        run: &[String],
        environment: &BTreeMap<String, String>,
    ) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("debian-{}-{number}", std::process::id());
        let profile = source::root().join("platforms/profiles/seccomp-default.json");
        let profile: serde_json::Value =
            serde_json::from_slice(&std::fs::read(profile).unwrap()).unwrap();
        let mut variables = vec!["PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
        variables.extend(
            environment
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        let config = json!({
            "ociVersion": "1.0.2",
            "hostname": "subject",
            "root": {"path": root, "readonly": true},
            "process": {
                "user": {"uid": USER, "gid": USER},
                "args": run,
                "env": variables,
                "cwd": "/",
                "noNewPrivileges": true,
                "capabilities": {"bounding": [], "effective": [], "permitted": [],
                                 "inheritable": [], "ambient": []},
            },
            "mounts": place.mounts(),
            "linux": {
                "cgroupsPath": format!("/{id}"),
                "resources": {"devices": [{"allow": false, "access": "rwm"}],
                              "pids": {"limit": 256}},
                "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"},
                               {"type": "uts"}, {"type": "cgroup"}, {"type": "network"}],
                "maskedPaths": ["/proc/kcore", "/proc/keys"],
                "readonlyPaths": ["/proc/sys"],
                "seccomp": profile,
            },
        });
        let bundle = place.path().join(&id);
        std::fs::create_dir(&bundle).unwrap();
        Self {
            place,
            bundle,
            id,
            config,
        }
    }

    /// The same in the network of the process `of`.
    pub fn joining(mut self, of: u32) -> Self {
        let namespaces = self.config["linux"]["namespaces"].as_array_mut().unwrap();
        let network = namespaces
            .iter_mut()
            .find(|space| space["type"] == "network")
            .unwrap();
        network["path"] = format!("/proc/{of}/ns/net").into();
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        self.write();
        let mut call = self.call("run");
        let child = call
            .args(["--bundle", self.bundle.as_str(), &self.id])
            .spawn();
        let mut child = child.unwrap();
        let until = Instant::now() + LONGEST;
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() > until => break None,
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        if status.is_none() {
            self.remove();
            child.wait().unwrap();
        }
        Ran {
            status: status
                .and_then(|status: ExitStatus| status.code())
                .unwrap_or(-1),
            said: self.said(),
        }
    }

    /// Runs it while `client`, who is told a process in its network, is tried until it succeeds;
    /// what that said.
    pub fn serve(self, client: impl Fn(u32) -> Ran) -> Result<String, String> {
        self.write();
        let pid = self.bundle.join("pid");
        let mut create = self.call("create");
        create.args([
            "--bundle",
            self.bundle.as_str(),
            "--pid-file",
            pid.as_str(),
            &self.id,
        ]);
        let mut start = self.call("start");
        start.arg(&self.id);
        for mut call in [create, start] {
            if !call.status().unwrap().success() {
                return Err(format!("the server could not be started: {}", self.said()));
            }
        }
        let pid: u32 = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let until = Instant::now() + LONGEST_START;
        loop {
            if !Utf8Path::new(&format!("/proc/{pid}/ns/net")).exists() {
                return Err(format!("the server ended: {}", self.said()));
            }
            let ran = client(pid);
            if ran.status == 0 {
                return Ok(ran.said);
            }
            if Instant::now() > until {
                let (status, said) = (ran.status, ran.said);
                return Err(format!(
                    "ended with {status}: {said}; the server: {}",
                    self.said()
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn write(&self) {
        std::fs::write(self.bundle.join("config.json"), self.config.to_string()).unwrap();
    }

    /// A call of the runtime with its output, and the container's, in files.
    fn call(&self, verb: &str) -> Command {
        let file = |name: &str| {
            let path = self.bundle.join(name);
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(path)
                .unwrap()
        };
        let mut call = Command::new(&self.place.launch);
        let state = self.place.path().join("state");
        call.args([
            "--root",
            state.as_str(),
            "--log",
            self.bundle.join("log").as_str(),
            verb,
        ]);
        call.stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"));
        call
    }

    fn said(&self) -> String {
        let read = |name| std::fs::read(self.bundle.join(name)).unwrap_or_default();
        let all = [read("out"), read("err"), read("log")].concat();
        String::from_utf8_lossy(&all).into_owned()
    }

    fn remove(&self) {
        let _ = self.call("delete").args(["--force", &self.id]).status();
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        self.remove();
        let mut call = self.call("state");
        let is_left = call
            .arg(&self.id)
            .status()
            .is_ok_and(|status| status.success());
        assert!(
            !is_left || std::thread::panicking(),
            "{} is left behind",
            self.id
        );
    }
}
