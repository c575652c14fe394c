//! What the tests stand on: a small image, a client with little patience.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::{ImageConfig, Index, Limits, PackedLayer, WrittenImage, write_layout};
use model::Arch;
use registry::{Client, Keychain, Patience, Reference, Settings, Trust};
use rootfs::{Blob, Entry, Origin, Tree, TreePath};
use testkit::FakeRegistry;

/// Settings under which every fault shows within seconds.
pub(crate) fn settings() -> Settings {
    Settings {
        keychain: Keychain::empty(),
        trust: Trust::system(),
        plain_http: Vec::new(),
        limits: Limits::standard(),
        patience: Patience {
            connect: Duration::from_secs(2),
            stall: Duration::from_secs(1),
            document: Duration::from_secs(4),
            slowest: 1 << 20,
            tries: 3,
            pause: Duration::from_millis(5),
            longest_pause: Duration::from_secs(2),
            helper: Duration::from_secs(2),
        },
    }
}

pub(crate) fn client() -> Client {
    Client::new(settings()).unwrap()
}

pub(crate) fn name(registry: &FakeRegistry, rest: &str) -> Reference {
    format!("{}/{rest}", registry.host()).parse().unwrap()
}

/// A layer whose bytes do not compress: large enough to break off in its middle.
fn layer(seed: u64, bytes: usize) -> PackedLayer {
    let mut state = seed;
    let noise = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    });
    let content: Vec<u8> = noise.take(bytes).collect();
    let mut tree = Tree::new();
    let path = TreePath::new(format!("/file-{seed}")).unwrap();
    let file = Entry::file(Blob::new(content), 0o644, Origin::User);
    tree.insert(path, file).unwrap();
    PackedLayer::of(&tree, 1_700_000_000, 6).unwrap()
}

/// Writes an image for `arch` as the layout `dir`.
pub(crate) fn image(dir: &Path, arch: Arch) -> WrittenImage {
    let config = ImageConfig {
        arch,
        created_s: 1_700_000_000,
        user: (65532, 65532),
        env: BTreeMap::new(),
        entrypoint: vec!["/app".to_owned()],
        cmd: Vec::new(),
        working_dir: "/".to_owned(),
        exposed_ports: vec![8080],
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "app".to_owned(),
    };
    let layers = [(layer(1, 100_000), "low"), (layer(2, 1_000), "high")];
    write_layout(dir, &config, &layers).unwrap()
}

/// An image of two architectures behind one index, as a layout; the index's digest.
pub(crate) fn both(dir: &Path) -> model::Digest {
    let mut named = Vec::new();
    let layout = image::NewLayout::beside(dir).unwrap();
    for arch in [Arch::Amd64, Arch::Arm64] {
        let single = dir.with_file_name(format!("single-{arch}"));
        let written = image(&single, arch);
        for blob in fs_err::read_dir(single.join("blobs/sha256")).unwrap() {
            let blob = blob.unwrap();
            let digest = model::Digest::from_hex(&blob.file_name().to_string_lossy()).unwrap();
            layout
                .put(digest, &[&fs_err::read(blob.path()).unwrap()])
                .unwrap();
        }
        let platform = image::Platform::of(arch);
        named.push(image::pointer(&written.manifest, Some(platform)).unwrap());
    }
    let index = Index::naming(named).unwrap();
    layout.put(index.digest(), &[index.bytes()]).unwrap();
    let top = image::Descriptor::new(image::MEDIA_INDEX, index.digest(), index.size());
    layout.finish(&Index::naming(vec![top]).unwrap()).unwrap();
    index.digest()
}

/// Every file of a folder, by path.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs_err::read(path).unwrap());
            }
        }
    }
    found
}

/// Asserts that nothing lies in a folder: a pull that failed leaves nothing.
pub(crate) fn assert_empty(folder: &Path) {
    let left: Vec<_> = fs_err::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
