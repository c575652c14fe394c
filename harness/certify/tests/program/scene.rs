//! A folder with everything a run needs and nothing else: a signed archive with one package on a
//! loopback server, a release, image specs, a profile, a cache and a host-wide lock of its own.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use engine::journal::{Journal, Record};
use model::{Arch, Profile};
use testkit::{
    ArchiveBuilder, ArchiveKey, BuiltDeb, DebBuilder, KeyPlan, Server, SignPlan, SuiteBuilder,
};

/// When texts are signed: in the past of any clock.
const SIGNED: u32 = 1_760_000_000;

/// Longest wait for anything in these tests.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
}

/// A run that was started and not awaited yet.
pub(crate) struct Running {
    child: Child,
    said: PathBuf,
}

/// A program that ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Says why a class of tests cannot run here; fails when it must.
pub(crate) fn skipped(class: &str, reason: &str) {
    let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word == class),
        "{class} is required: {reason}"
    );
    println!("skipped ({class}): {reason}");
}

/// Whether containers can run here on packages of a real archive; says so when not.
pub(crate) fn has_archive() -> bool {
    if !rustix::process::geteuid().is_root() {
        skipped("root", "run the tests as root");
        return false;
    }
    let doctor = Command::new(env!("CARGO_BIN_EXE_certify"))
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let is_fine = |finding: &serde_json::Value| {
        finding["what"] == "archive debian-13" && finding["state"] == "fine"
    };
    let fine = found.as_array().unwrap().iter().any(is_fine);
    if !fine {
        skipped("archive", "no archive for debian-13; set CERTIFY_MIRROR");
    }
    fine
}

/// The static program, built once.
fn program() -> Option<&'static [u8]> {
    static BUILT: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("subject");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/subject.c");
        let made = Command::new("cc")
            .args(["-static", "-O1", "-s", "-o"])
            .arg(&path)
            .arg(source)
            .status();
        made.is_ok_and(|status| status.success())
            .then(|| std::fs::read(path).unwrap())
    });
    if built.is_none() {
        let why = "`cc -static` does not work: apt-get install gcc libc6-dev";
        skipped("root", why);
    }
    built.as_deref()
}

/// The package in the archive.
fn package(program: &[u8]) -> BuiltDeb {
    DebBuilder::new("tiny", "1.0-1")
        .architecture(Arch::host().unwrap().debian())
        .dir("/var", 0o755)
        .file("/usr/bin/tiny", 0o755, program)
        .build()
}

impl Scene {
    /// A whole scene, or `None` with the reason said when this host cannot run containers.
    pub(crate) fn new() -> Option<Self> {
        let program = program()?;
        if !rustix::process::geteuid().is_root() {
            skipped("root", "run the tests as root");
            return None;
        }
        let key = ArchiveKey::make(&KeyPlan::PLAIN);
        let scene = Self::bare();
        scene.sign(&key, package(program));
        let fingerprint = key.signing_fingerprint();
        let id = &fingerprint[fingerprint.len() - 16..];
        scene.write(
            "config/releases/tiny/chisel.yaml",
            &format!(
                "format: v3\narchives:\n  tiny:\n    version: 1\n    suites: [tiny]\n    \
                 components: [main]\n    label: Test\n    origin: Test\n    public-keys: [tiny]\n\
                 public-keys:\n  tiny:\n    id: {id}\n    path: keys/tiny.asc\n\
                 maintenance:\n  standard: 2025-01-01\n  end-of-life: 2099-01-01\n"
            ),
        );
        scene.write("config/releases/tiny/keys/tiny.asc", &key.armored());
        scene.write(
            "config/releases/tiny/slices/tiny.yaml",
            "package: tiny\nslices:\n  bins:\n    contents:\n      /usr/bin/tiny:\n      /var/:\n",
        );
        scene.profile(|_| {});
        scene.image("tiny", "serve", "");
        Some(scene)
    }

    fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["archive", "tmp", "cache"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let server = Server::start(&utf8(folder.path()).join("archive"));
        Self { folder, server }
    }

    /// Writes the archive, signed by `key`, over the one that is there.
    pub(crate) fn sign(&self, key: &ArchiveKey, package: BuiltDeb) {
        let suite = SuiteBuilder::new("tiny")
            .field("Date", "Thu, 09 Oct 2025 08:53:20 UTC")
            .architectures(&[Arch::host().unwrap().debian()])
            .package("main", package);
        ArchiveBuilder::new(key, SignPlan::at(SIGNED))
            .suite(suite)
            .write(&self.path("archive"));
    }

    /// Writes a spec whose program does `word`; `more` is YAML on top level.
    pub(crate) fn image(&self, name: &str, word: &str, more: &str) {
        let baseline = if more.contains("baseline:") {
            ""
        } else {
            "baseline: none\n"
        };
        let text = format!(
            "summary: A static program\nslices:\n  tiny: [tiny_bins]\nconfig:\n  \
             entrypoint: [/usr/bin/tiny, {word}]\nreadiness:\n  log: {{contains: ready}}\n\
             resources: {{memory_mib: 64, pids: 16}}\n{baseline}{more}"
        );
        self.write(&format!("config/images/{name}.yaml"), &text);
    }

    /// Writes the profile `tiny`: the shipped one with few rounds, without controls, and with what
    /// `change` does to it.
    pub(crate) fn profile(&self, change: impl FnOnce(&mut Profile)) {
        let shipped = include_str!("../../../../suites/profiles/smoke.yaml");
        let mut profile = Profile::from_yaml("smoke.yaml", shipped).unwrap();
        "tiny".clone_into(&mut profile.name);
        // So few rounds are never as precise as the shipped profile wants them.
        profile.margin.oci = 0.6;
        profile.startup.min_rounds = 6;
        profile.startup.plan_rounds = 8;
        profile.immutability.load_ms = 50;
        profile.controls.static_only.clear();
        profile.controls.run_time = model::PerFamily::default();
        change(&mut profile);
        // JSON is YAML.
        let text = serde_json::to_string_pretty(&profile).unwrap();
        self.write("config/suites/profiles/tiny.yaml", &text);
    }

    /// Writes a file of the scene.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A path in the scene.
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        utf8(self.folder.path()).join(name)
    }

    /// A call of a program in the scene's folder with the scene's own cache, temporary folder,
    /// configuration and lock; nothing of the caller's environment speaks of mirrors or proxies.
    pub(crate) fn call(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut call = Command::new(program);
        call.current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .env("CERTIFY_CONFIG", self.path("config"))
            .env("CERTIFY_HOST_LOCK", self.path("host.lock"))
            .env("CERTIFY_MIRROR", self.server.address())
            .env("no_proxy", "127.0.0.1")
            .env_remove("CERTIFY_ALLOW_BLOCKED")
            .env_remove("CARGO_MANIFEST_DIR");
        call
    }

    /// A call of certify.
    pub(crate) fn certify(&self, words: &[&str]) -> Command {
        let mut call = self.call(env!("CARGO_BIN_EXE_certify"));
        call.args(words);
        call
    }

    /// The main job on `image` under `suite`, into the run folder `out`.
    pub(crate) fn job(&self, image: &str, suite: &str, out: &str) -> Command {
        self.certify(&[
            "run",
            "--image",
            image,
            "--suite",
            suite,
            "--profile",
            "tiny",
            "--out",
            out,
        ])
    }

    /// Starts a call, in a process group of its own.
    pub(crate) fn start(&self, mut call: Command, name: &str) -> Running {
        let said = self.path(&format!("{name}.stderr")).into_std_path_buf();
        call.process_group(0)
            .stdout(Stdio::null())
            .stderr(File::create(&said).unwrap());
        Running {
            child: call.spawn().unwrap(),
            said,
        }
    }

    /// Every record of a run's journal so far; none before there is a journal.
    pub(crate) fn records(&self, out: &str) -> Vec<Record> {
        Journal::read(&self.path(out).join("journal")).map_or_else(|_| Vec::new(), |j| j.records)
    }

    /// Asserts that a run left nothing behind: no object in its journal, no temporary file, no
    /// control group, no mount.
    pub(crate) fn assert_clean(&self, out: &str) {
        let journal = Journal::read(&self.path(out).join("journal")).unwrap();
        assert_eq!(journal.left_behind(), [], "in the journal");
        let left: Vec<_> = std::fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let id = journal.header().unwrap().run.to_string();
        assert_eq!(groups(&id), Vec::<PathBuf>::new());
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        assert!(!mounts.contains(&id), "{mounts}");
    }

    /// Asserts that the cache holds no half-written object and none of the given digests.
    pub(crate) fn assert_cache_without(&self, digests: &[String]) {
        for folder in ["part", "lock"] {
            let path = self.path("cache/certify").join(folder);
            let left: Vec<_> = std::fs::read_dir(path).unwrap().collect();
            assert!(left.is_empty(), "{folder}: {left:?}");
        }
        for object in std::fs::read_dir(self.path("cache/certify/sha256")).unwrap() {
            let path = object.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(!digests.contains(&name), "{name}");
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(model::Digest::of(&bytes).hex(), name);
        }
    }
}

/// Control groups whose name carries `id`.
pub(crate) fn groups(id: &str) -> Vec<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut all = below(root);
    all.extend(below(root).iter().flat_map(|folder| below(folder)));
    all.retain(|path| path.to_string_lossy().contains(id));
    all
}

impl Running {
    /// Waits until its standard error contains `text`.
    pub(crate) fn says(&mut self, text: &str) {
        wait(
            &format!("`{text}`"),
            || self.said().contains(text),
            || self.said(),
        );
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.said).unwrap_or_default()).into_owned()
    }

    /// Interrupts it, as a terminal does: the whole process group.
    pub(crate) fn interrupt(&self) {
        let group = rustix::process::Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    }

    /// Its exit code, once it ended; a program that does not end is killed and fails the test.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            if started.elapsed() > LIMIT {
                let _ = self.child.kill();
                panic!("it did not end: {}", self.said());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Runs a call to its end.
    pub(crate) fn of(mut call: Command) -> Self {
        Self::from(call.output().unwrap())
    }

    /// Asserts its exit code, that it did not panic, and that it said each of `texts`.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.status.code(), Some(code), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no `{text}` in: {}",
                self.stderr
            );
        }
    }
}

/// Waits until a condition holds; fails with `status` when it does not in time.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool, status: impl Fn() -> String) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < LIMIT, "waited for {what}: {}", status());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn utf8(path: &Path) -> &Utf8Path {
    Utf8Path::from_path(path).unwrap()
}
