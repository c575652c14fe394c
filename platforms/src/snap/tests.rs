//! What the tests of both snaps need.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use engine::clock::Clock;
use engine::journal::JournalWriter;
use engine::{Detection, Ledger, Libexec, OpenRequest, Platform, Surroundings};
use model::{Arch, ClusterSettings, Digest, PlatformName, RunId};
use rootfs::{Blob, Entry, Origin, Tree, TreePath};
use tempfile::TempDir;

use super::{Snap, SnapPlatform};

pub(crate) fn run() -> RunId {
    RunId::new("20260101t000000z-abcd").unwrap()
}

fn libexec() -> Libexec {
    Libexec {
        probe: "/nowhere/probe".into(),
        launch: "/nowhere/launch".into(),
    }
}

/// Why a platform is not to be used, and what to try.
pub(crate) async fn absent<S: Snap>(snap: S) -> (String, String) {
    let around = Surroundings {
        libexec: libexec(),
        cluster: ClusterSettings::default(),
    };
    match SnapPlatform(snap).detect(&around).await {
        Detection::Absent { why, remedy } => {
            assert!(!remedy.is_empty(), "{why}");
            (why, remedy)
        }
        Detection::Available(line) => panic!("{line}"),
    }
}

/// Why a session does not open; nothing may have been announced for it.
pub(crate) async fn unopened<S: Snap>(snap: S) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap();
    let ledger = Ledger::new(Arc::new(
        JournalWriter::create(&path.join("journal")).unwrap(),
    ));
    let request = OpenRequest {
        platform: PlatformName::new(snap.name()).unwrap(),
        cluster: ClusterSettings::default(),
        run: run(),
        libexec: libexec(),
        scratch: path.join("scratch"),
        cache: None,
        ledger: ledger.clone(),
        clock: Clock::system(),
        stop: Arc::default(),
    };
    let opened = SnapPlatform(snap).open(request).await;
    let error = opened.err().expect("nothing can be opened here");
    assert_eq!(error.blame, engine::Blame::Environment);
    assert_eq!(ledger.left(), []);
    error.to_string()
}

/// A small image on disk.
pub(crate) struct Delivery {
    folder: TempDir,
    pub(crate) manifest: Digest,
}

impl Delivery {
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::new();
        let path = TreePath::new("/hello").unwrap();
        let file = Entry::file(Blob::new(b"hello".to_vec()), 0o755, Origin::User);
        tree.insert(path, file).unwrap();
        let config = image::ImageConfig {
            arch: Arch::host().unwrap(),
            created_s: 0,
            user: (65532, 65532),
            env: BTreeMap::new(),
            entrypoint: vec!["/hello".to_owned()],
            cmd: Vec::new(),
            working_dir: "/".to_owned(),
            exposed_ports: Vec::new(),
            stop_signal: "SIGTERM".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            ref_name: "hello".to_owned(),
        };
        let layer = image::PackedLayer::of(&tree, 0, 1).unwrap();
        let layout = folder.path().join("layout");
        let written = image::write_layout(&layout, &config, &[(layer, "hello")]).unwrap();
        let manifest = written.manifest.digest();
        Self { folder, manifest }
    }

    pub(crate) fn layout(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path())
            .unwrap()
            .join("layout")
    }

    pub(crate) fn archive(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path())
            .unwrap()
            .join("archive.tar")
    }

    /// The name that it has in transcripts.
    pub(crate) fn name() -> String {
        crate::kubernetes::names::image(&run(), "hello")
    }

    /// Brings it by `supply`; the archive made on the way is gone whatever happened.
    pub(crate) async fn by(
        &self,
        supply: &dyn crate::kubernetes::supply::Supply,
    ) -> Result<crate::kubernetes::wanted::Reference, String> {
        let (layout, archive, name) = (self.layout(), self.archive(), Self::name());
        let delivered = supply
            .deliver("box", &layout, self.manifest, &name, &archive)
            .await;
        assert!(!archive.exists());
        delivered
    }
}

/// An address of this host at which nobody listens.
pub(crate) fn silent_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}
