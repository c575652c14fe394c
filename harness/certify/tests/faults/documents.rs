//! The image of these runs, its application, and what the probe says in a container of it.
//!
//! Kernel truth and attempts are those of a real good container, as the probe printed them
//! (`suites/tests/data`); the listing is the image's own tree.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;

use camino::Utf8Path;
use model::Arch;
use probe::{Attempts, EntryKind, Facts, Memory, SeccompCarried, TreeEntry};
use rootfs::{Blob, Entry, Kind, Origin, Tree, TreePath};
use serde_json::Value;

use crate::cluster::Documents;

const GOOD: &str = include_str!("../../../../suites/tests/data/valkey.json");

/// The path that the application may write to.
const WRITABLE: &str = "/data";

fn tree() -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, entry| {
        tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
    };
    for path in ["/usr", "/usr/bin", WRITABLE, "/dev", "/proc", "/sys"] {
        put(path, Entry::directory(0o755, Origin::User));
    }
    let program = Blob::new(b"an application that is told, not run\n".to_vec());
    put("/usr/bin/web", Entry::file(program, 0o755, Origin::User));
    tree
}

/// Writes the image as an OCI layout.
pub(crate) fn write_image(layout: &Utf8Path) {
    let config = image::ImageConfig {
        arch: Arch::host().unwrap(),
        created_s: 0,
        user: (65532, 65532),
        env: BTreeMap::new(),
        entrypoint: vec!["/usr/bin/web".to_owned()],
        cmd: Vec::new(),
        working_dir: "/".to_owned(),
        exposed_ports: Vec::new(),
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "web".to_owned(),
    };
    let layer = image::PackedLayer::of(&tree(), 0, 1).unwrap();
    image::write_layout(layout.as_std_path(), &config, &[(layer, "the test")]).unwrap();
}

/// Its spec, for an application that answers on `port`.
pub(crate) fn spec(layout: &Utf8Path, port: u16) -> String {
    let question = format!("{{port: {port}, path: /, status: 200, contains: hello}}");
    format!(
        "summary: An application of a test\nfrom: \"{layout}\"\n\
         config: {{entrypoint: [/usr/bin/web], user: \"65532:65532\"}}\n\
         readiness: {{http: {question}}}\nsmoke: [{{http: {question}}}]\n\
         writable: [{{path: {WRITABLE}, size_mib: 16}}]\n\
         resources: {{memory_mib: 64, pids: 16}}\nbaseline: {{layout: \"{layout}\"}}\n"
    )
}

/// What the probe says.
pub(crate) fn documents() -> Documents {
    let good: Value = serde_json::from_str(GOOD).unwrap();
    let facts: Facts = serde_json::from_value(good["facts"].clone()).unwrap();
    let mut attempts: Attempts = serde_json::from_value(good["attempts"].clone()).unwrap();
    attempts.identity.seccomp = SeccompCarried::Inherited(1);
    attempts.identity.entered.clear();
    let memory = Memory {
        processes: 1,
        pss_bytes: 4 << 20,
        pss_anon_bytes: 1 << 20,
        unreadable: Vec::new(),
    };
    let value = |document: Result<Value, serde_json::Error>| document.unwrap();
    Documents {
        facts: value(serde_json::to_value(facts)),
        attempts: value(serde_json::to_value(attempts)),
        hash: value(serde_json::to_value(listing())),
        memory: value(serde_json::to_value(memory)),
    }
}

/// What `probe hash` says of a container that is as the image.
fn listing() -> probe::Tree {
    let tree = tree();
    let mounts = [WRITABLE, "/dev", "/proc", "/sys"];
    let mut entries: Vec<TreeEntry> = Vec::new();
    for (path, entry) in tree
        .iter()
        .filter(|(path, _)| !mounts.contains(&path.as_str()))
    {
        let blob = match &entry.kind {
            Kind::File(blob) => Some(blob),
            _ => None,
        };
        entries.push(TreeEntry {
            path: path.as_str().to_owned(),
            path_hex: None,
            kind: if blob.is_some() {
                EntryKind::File
            } else {
                EntryKind::Directory
            },
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            size: blob.map_or(0, Blob::size),
            sha256: blob.map(|blob| blob.digest().hex()),
            target: None,
            device: None,
            unreadable: None,
        });
    }
    probe::Tree {
        files: 1,
        bytes: entries.iter().map(|entry| entry.size).sum(),
        entries,
        mounts_not_entered: mounts.map(str::to_owned).to_vec(),
    }
}

/// The application: answers every question with the only right answer, for as long as the test runs.
pub(crate) fn application() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            // A client that goes away is its own matter.
            let _ = connection.read(&mut [0; 2048]);
            let _ = connection.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n",
            );
        }
    });
    port
}
