//! What the containers stand on: our programs, the server, the image of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use engine::ArmImage;
use model::{Arch, Arm, Digest, ImageFacts, ImageName, ImageSpec};
use rootfs::{Blob, CutRootfs, Entry, Origin, Tree, TreePath};
use tempfile::TempDir;

/// A user without rights, for rootless runs.
pub const NORMAL: u32 = 4242;

/// A folder that everybody may enter, with `probe`, `launch`, `server` and this program (`test`).
pub struct Ground {
    _temporary: TempDir,
    pub folder: Utf8PathBuf,
}

/// What is missing here: the class of tests it shuts out, and why.
pub type Lack = (&'static str, String);

impl Ground {
    /// The one of this process, or what it lacks.
    pub fn shared() -> Result<&'static Self, Lack> {
        static GROUND: OnceLock<Result<Ground, Lack>> = OnceLock::new();
        GROUND
            .get_or_init(Self::prepare)
            .as_ref()
            .map_err(Clone::clone)
    }

    fn prepare() -> Result<Self, Lack> {
        if !rustix::process::geteuid().is_root() {
            return Err(("root", "run the tests as root".to_owned()));
        }
        let libexec = std::env::var("CERTIFY_LIBEXEC").map_err(|_| {
            let why = "CERTIFY_LIBEXEC does not name the folder of probe and launch; \
                       `cargo xtask test` sets it";
            ("root", why.to_owned())
        })?;
        let temporary = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        open_to_all(&folder);
        for name in ["probe", "launch"] {
            link(
                Utf8Path::new(&libexec).join(name).as_std_path(),
                &folder.join(name),
            );
        }
        link(&std::env::current_exe().unwrap(), &folder.join("test"));
        let source = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flawed/server.c");
        let made = Command::new("cc")
            .args(["-static", "-O1", "-o"])
            .args([folder.join("server"), source])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            let why = "`cc -static` does not work: apt-get install gcc libc6-dev";
            return Err(("root", why.to_owned()));
        }
        Ok(Self {
            _temporary: temporary,
            folder,
        })
    }

    /// Why a normal user cannot have user namespaces, if so: asked of the runtime.
    pub fn lacks_user_namespaces(&self) -> Option<Lack> {
        let mut ask = Command::new(self.folder.join("launch"));
        ask.arg("features").uid(NORMAL).gid(NORMAL).current_dir("/");
        let output = ask.output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let word = said["namespaces"].as_str().unwrap_or("launch does not say");
        let why = "sysctl user.max_user_namespaces or kernel.apparmor_restrict_unprivileged_userns";
        (word != "yes").then(|| ("rootless", format!("{word}; look at {why}")))
    }
}

/// Mode 0755.
pub fn open_to_all(folder: &Utf8Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A link where possible: a copy still open for writing in a fork of another test's thread cannot
/// be executed.
fn link(from: &Path, to: &Utf8Path) {
    std::fs::hard_link(from, to)
        .or_else(|_| std::fs::copy(from, to).map(drop))
        .unwrap();
}

const SPEC: &str = "
summary: a server whose containers are flawed, never it
slices: {debian-13: [server_bins]}
config: {entrypoint: [/server], ports: [8080], stop_grace_ms: 700}
readiness: {http: {port: 8080, path: /, contains: hello}}
smoke: [{http: {port: 8080, path: /, contains: hello}}]
writable: [{path: /data, size_mib: 2}]
resources: {memory_mib: 64, pids: 16}
baseline: none
";

/// The image's tree.
fn tree(server: &Utf8Path) -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, entry: Entry| {
        let path = TreePath::new(path).unwrap();
        tree.insert(path, entry.with_owner("server_bins")).unwrap();
    };
    let program = std::fs::read(server).unwrap();
    put(
        "/server",
        Entry::file(Blob::new(program), 0o755, Origin::User),
    );
    let page = Blob::new(&b"a page that nobody may change\n"[..]);
    put("/srv/page.html", Entry::file(page, 0o644, Origin::User));
    for path in ["/data", "/dev", "/etc", "/proc", "/sys", "/usr/bin"] {
        put(path, Entry::directory(0o755, Origin::User));
    }
    tree
}

/// Writes the image into `place`: the same bytes every time.
pub fn image(server: &Utf8Path, place: &Utf8Path) -> ArmImage {
    let spec = ImageSpec::from_yaml("server.yaml", SPEC).unwrap();
    let arch = Arch::host().unwrap();
    let tree = tree(server);
    image::hash_contents(&tree);
    let config = image::ImageConfig {
        arch,
        created_s: 0,
        user: (spec.config.user.uid, spec.config.user.gid),
        env: BTreeMap::new(),
        entrypoint: spec.config.entrypoint.clone(),
        cmd: Vec::new(),
        working_dir: "/".to_owned(),
        exposed_ports: spec.config.ports.clone(),
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "server".to_owned(),
    };
    let layer = image::PackedLayer::of(&tree, 0, 1).unwrap();
    let layers = [(layer, "the server")];
    let written = image::write_layout(place.as_std_path(), &config, &layers).unwrap();
    let listing = place.join("rootfs.tree");
    let mut bytes = Vec::new();
    let facts = facts(
        arch,
        &tree,
        written.manifest.digest(),
        written.config.digest(),
    );
    let cut = CutRootfs {
        arch,
        tree,
        packages: Vec::new(),
        slices: Vec::new(),
        notes: Vec::new(),
    };
    cut.write(&mut bytes).unwrap();
    std::fs::write(&listing, bytes).unwrap();
    ArmImage {
        facts,
        layout: place.to_owned(),
        listing: Some(listing),
        spec,
        delivered: None,
    }
}

fn facts(arch: Arch, tree: &Tree, manifest: Digest, config: Digest) -> ImageFacts {
    ImageFacts {
        image: ImageName::new("server").unwrap(),
        arm: Arm::Candidate,
        arch,
        manifest,
        config,
        tree: tree.digest(),
        compressed_bytes: 1,
        layer_bytes: 1,
        file_bytes: 1,
        entries: 1,
        layers: Vec::new(),
        packages: Vec::new(),
        slices: Vec::new(),
        origin: "the test".to_owned(),
        notes: Vec::new(),
        documents: Vec::new(),
    }
}
