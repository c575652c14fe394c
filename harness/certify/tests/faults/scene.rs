//! One run of the real program against one scripted cluster.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use model::{PerFamily, Profile};
use serde_json::{Value, json};

use crate::cluster::{Call, Cluster, Documents};
use crate::documents;
use crate::script::Script;

/// Longest time for a whole run, whatever goes wrong in it: every wait of the engine is bounded by
/// [`pace`], and this is the sum of those that can follow one another, with room for a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How late an answer is that comes too late.
pub(crate) const LATE: Duration = Duration::from_millis(1400);
/// Runs at the same time, of all tests together: nearly all of their time they wait.
const AT_ONCE: usize = 6;

/// The engine's deadlines in these runs, in milliseconds.
fn pace() -> Value {
    json!({
        "answer": 1000, "insistence": 1200, "pause": 30, "placed": 2500, "lead": 100, "look": 10,
        "identified": 1500, "last_word": 1000, "hold": 5, "starting": 5, "events": 500,
        "document": 2000, "pod_gone": 1500, "namespace_gone": 2000,
    })
}

/// What all runs share: image, application, cache.
struct Ground {
    folder: tempfile::TempDir,
    documents: Documents,
    spec: String,
}

/// A run that ended, and the cluster as it left it.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    /// Objects in the cluster.
    pub(crate) left: Vec<String>,
    /// Where the fault was met.
    pub(crate) met: Option<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) pods: usize,
    pub(crate) events: usize,
    pub(crate) programs: usize,
}

fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let layout = Utf8Path::from_path(folder.path()).unwrap().join("image");
        documents::write_image(&layout);
        Ground {
            folder,
            documents: documents::documents(),
            spec: documents::spec(&layout, documents::application()),
        }
    })
}

/// What the user of a run has set up.
fn configure(folder: &Path, cluster: &Cluster) {
    let settings = "clusters:\n  kubernetes:\n    kubeconfig: kubeconfig\n    \
                    registry: {pull: registry.invalid/certify}\n";
    for (name, text) in [
        ("certify.yaml", settings),
        ("kubeconfig", &cluster.kubeconfig()),
        ("images/web.yaml", &ground().spec),
        ("suites/profiles/tiny.yaml", &profile()),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The shortest plan that makes every kind of call and can pass.
fn profile() -> String {
    let shipped = include_str!("../../../../suites/profiles/smoke.yaml");
    let mut profile = Profile::from_yaml("smoke.yaml", shipped).unwrap();
    "tiny".clone_into(&mut profile.name);
    profile.margin.kubernetes = 0.6;
    profile.immutability.load_ms = 20;
    profile.immutability.load_connections = 1;
    profile.controls.static_only.clear();
    profile.controls.run_time = PerFamily::default();
    let plans = profile.kubernetes.as_mut().unwrap();
    plans.startup.warmup_rounds = 0;
    plans.startup.min_rounds = 6;
    plans.startup.plan_rounds = 6;
    plans.startup.settle_ms = 0;
    plans.startup.ready_deadline_ms = 1500;
    // JSON is YAML.
    serde_json::to_string_pretty(&profile).unwrap()
}

/// Our programs: where the environment says, else beside the program.
fn libexec() -> Utf8PathBuf {
    match std::env::var("CERTIFY_LIBEXEC") {
        Ok(named) => named.into(),
        Err(_) => Utf8Path::new(env!("CARGO_BIN_EXE_certify")).with_file_name("libexec"),
    }
}

/// Runs the program against a cluster in which goes wrong what `script` says.
pub(crate) fn run(script: Script) -> Ended {
    let _turn = Turn::take();
    let ground = ground();
    let own = tempfile::tempdir().unwrap();
    let path = |name: &str| own.path().join(name);
    let probe = libexec().join("probe");
    let cluster = Cluster::start(script, ground.documents.clone(), probe.into_std_path_buf());
    configure(&path("config"), &cluster);
    std::fs::create_dir(path("tmp")).unwrap();
    let said = std::fs::File::create(path("stderr")).unwrap();
    let mut call = Command::new(env!("CARGO_BIN_EXE_certify"));
    call.args(["run", "--image", "web", "--platform", "kubernetes"])
        .args([
            "--suite",
            "immutability",
            "--suite",
            "startup",
            "--profile",
            "tiny",
        ])
        .arg("--out")
        .arg(path("out"))
        .current_dir(own.path())
        .env("XDG_CACHE_HOME", ground.folder.path().join("cache"))
        .env("TMPDIR", path("tmp"))
        .env("CERTIFY_CONFIG", path("config"))
        .env("CERTIFY_HOST_LOCK", path("host.lock"))
        .env("CERTIFY_LIBEXEC", libexec())
        .env("CERTIFY_CLUSTER_REHEARSAL", pace().to_string())
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("CERTIFY_ALLOW_BLOCKED")
        .stdout(Stdio::null())
        .stderr(said);
    let started = Instant::now();
    let mut child = call.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let report = std::fs::read(path("out/report.json")).unwrap_or_default();
    Ended {
        code: status.and_then(|status| status.code()),
        report: serde_json::from_slice(&report).unwrap_or_default(),
        stderr: std::fs::read_to_string(path("stderr")).unwrap(),
        took: started.elapsed(),
        left: cluster.left(),
        met: cluster.met(),
        calls: cluster.calls(),
        pods: cluster.count("pods"),
        events: cluster.count("watched"),
        programs: cluster.count("programs"),
    }
}

/// The run in which nothing goes wrong, made once.
pub(crate) fn faultless() -> &'static Ended {
    static RUN: OnceLock<Ended> = OnceLock::new();
    RUN.get_or_init(|| run(Script::default()))
}

/// One of the places for runs, given back when dropped.
struct Turn;

static RUNNING: Mutex<usize> = Mutex::new(0);
static FREE: Condvar = Condvar::new();

impl Turn {
    fn take() -> Self {
        let running = RUNNING.lock().unwrap();
        let mut running = FREE
            .wait_while(running, |running| *running >= AT_ONCE)
            .unwrap();
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap() -= 1;
        FREE.notify_one();
    }
}
