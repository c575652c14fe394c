//! What the tests stand on: our programs, a small image, a session request.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use engine::clock::Clock;
use engine::journal::JournalWriter;
use engine::{Delivery, Ledger, Libexec, OpenRequest, Recipe, Session};
use model::{
    Arch, HttpExpectation, Readiness, Resources, RunId, RuntimeConfig, UserId, WritablePath,
};
use rootfs::{Blob, Entry, Origin, Tree, TreePath};
use tempfile::TempDir;

/// A folder that everybody may enter, with our programs and the test's server in it.
pub struct Ground {
    _temporary: TempDir,
    pub folder: Utf8PathBuf,
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

/// Closes a session after its checks, which may have failed: what they left running would disturb every
/// later test. Nothing that was announced may be left.
pub async fn close(session: Box<dyn Session>, ledger: &Ledger, checked: std::thread::Result<()>) {
    let closed = session.close().await;
    if let Err(failed) = checked {
        resume_unwind(failed);
    }
    closed.unwrap();
    assert_eq!(ledger.left(), []);
}

impl Ground {
    /// Prepares it; nothing, with the reason said, where the class `root` cannot run.
    pub fn prepare() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped("root", "run the tests as root");
            return None;
        }
        let Some(libexec) = std::env::var_os("CERTIFY_LIBEXEC") else {
            skipped(
                "root",
                "CERTIFY_LIBEXEC does not name the folder of probe and launch",
            );
            return None;
        };
        let libexec = Utf8PathBuf::from(libexec.to_string_lossy().into_owned());
        let temporary = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        open_to_all(&folder);
        for name in ["probe", "launch"] {
            fs_err::copy(libexec.join(name), folder.join(name)).unwrap();
        }
        let source = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/server.c");
        let made = Command::new("cc")
            .args(["-static", "-O1", "-Wno-unused-result", "-o"])
            .args([folder.join("server"), source])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            skipped(
                "root",
                "`cc -static` does not work: install gcc and libc6-dev",
            );
            return None;
        }
        Some(Self {
            _temporary: temporary,
            folder,
        })
    }

    /// Why user namespaces are not to be had for `user`, if so: asked of the runtime.
    pub fn lacks_user_namespaces(&self, user: u32) -> Option<String> {
        use std::os::unix::process::CommandExt;
        let mut ask = Command::new(self.folder.join("launch"));
        ask.arg("features").uid(user).gid(user).current_dir("/");
        let output = ask.output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let word = said["namespaces"].as_str().unwrap_or("launch does not say");
        (word != "yes").then(|| format!("user namespaces for a normal user: {word}"))
    }

    /// What detection may use.
    pub fn surroundings(folder: &Utf8Path) -> engine::Surroundings {
        engine::Surroundings {
            libexec: Self::libexec(folder),
            cluster: model::ClusterSettings::default(),
        }
    }

    /// Our programs.
    pub fn libexec(folder: &Utf8Path) -> Libexec {
        Libexec {
            probe: folder.join("probe"),
            launch: folder.join("launch"),
        }
    }
}

/// Mode 0755.
pub fn open_to_all(folder: &Utf8Path) {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The image's tree: the server and the folders it needs.
pub fn tree(folder: &Utf8Path) -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, entry| {
        tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
    };
    let server = fs_err::read(folder.join("server")).unwrap();
    put(
        "/server",
        Entry::file(Blob::new(server), 0o755, Origin::User),
    );
    for path in ["/tmp", "/dev", "/proc", "/sys"] {
        put(path, Entry::directory(0o755, Origin::User));
    }
    tree
}

/// An image of that tree whose server ends as `how` says.
pub fn delivery(folder: &Utf8Path, work: &Utf8Path, how: &str) -> Delivery {
    let tree = tree(folder);
    let layout = work.join(format!("layout-{how}"));
    let config = image::ImageConfig {
        arch: Arch::host().unwrap(),
        created_s: 0,
        user: (65532, 65532),
        env: BTreeMap::new(),
        entrypoint: vec!["/server".to_owned()],
        cmd: vec![how.to_owned()],
        working_dir: "/".to_owned(),
        exposed_ports: vec![8080],
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "test".to_owned(),
    };
    let layer = image::PackedLayer::of(&tree, 0, 1).unwrap();
    let written =
        image::write_layout(layout.as_std_path(), &config, &[(layer, "the test")]).unwrap();
    Delivery {
        label: how.to_owned(),
        layout,
        manifest: written.manifest.digest(),
        tree: tree.digest(),
        recipe: Recipe {
            config: RuntimeConfig {
                entrypoint: vec!["/server".to_owned()],
                command: vec![how.to_owned()],
                user: UserId::nonroot(),
                env: BTreeMap::new(),
                workdir: "/".to_owned(),
                ports: vec![8080],
                stop_signal: "SIGTERM".to_owned(),
                stop_grace_ms: 500,
            },
            readiness: Readiness::Http(hello(8080)),
            writable: vec![WritablePath {
                path: "/tmp".to_owned(),
                size_mib: 8,
                exec: false,
            }],
            resources: Resources {
                cpu_millis: None,
                memory_mib: 64,
                pids: 16,
            },
        },
    }
}

/// The server's only right answer.
pub fn hello(port: u16) -> HttpExpectation {
    HttpExpectation {
        port,
        path: "/".to_owned(),
        status: 200,
        contains: Some("hello".to_owned()),
    }
}

/// A request for a session whose things lie in `work`.
pub fn request(folder: &Utf8Path, work: &Utf8Path, run: &RunId) -> OpenRequest {
    let journal = JournalWriter::create(&work.join("journal")).unwrap();
    OpenRequest {
        run: run.clone(),
        libexec: Ground::libexec(folder),
        platform: model::PlatformName::new("contract").unwrap(),
        scratch: work.join(format!("scratch-{run}")),
        cache: Some(work.join("cache")),
        cluster: model::ClusterSettings::default(),
        ledger: Ledger::new(Arc::new(journal)),
        clock: Clock::system(),
        stop: Arc::default(),
    }
}

/// Long enough for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
