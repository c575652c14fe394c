//! Tests of whole images: written, read back, damaged, saved by docker.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use fs_err as fs;
use rootfs::{Blob, Entry, Kind, Origin, TreePath};

use super::*;
use crate::{ImageConfig, PackedLayer, PackedLayers, pack_layers, write_archive, write_layout};

/// A change of a document.
type Change = fn(&mut serde_json::Value);

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn file(text: &str) -> Entry {
    Entry::file(Blob::new(text.as_bytes().to_vec()), 0o644, Origin::User)
}

fn config() -> ImageConfig {
    ImageConfig {
        arch: Arch::Amd64,
        created_s: 1_700_000_000,
        user: (65532, 65532),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin".to_owned())]),
        entrypoint: vec!["/usr/bin/app".to_owned()],
        cmd: vec!["--serve".to_owned()],
        working_dir: "/".to_owned(),
        exposed_ports: vec![8080],
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::from([(
            "org.opencontainers.image.title".to_owned(),
            "app".to_owned(),
        )]),
        ref_name: "app".to_owned(),
    }
}

fn layers() -> PackedLayers {
    let mut low = Tree::new();
    low.insert(path("/usr/bin/app"), file("app")).unwrap();
    let link = Kind::Hardlink {
        to: path("/usr/bin/app"),
    };
    low.insert(path("/usr/bin/b"), Entry::new(link, 0, Origin::User))
        .unwrap();
    low.insert(path("/bin"), Entry::symlink("usr/bin", Origin::User))
        .unwrap();
    let mut own = Tree::new();
    own.insert(path("/etc/app.conf"), file("conf")).unwrap();
    own.insert(path("/bin/more"), file("more")).unwrap();
    pack_layers(&[&low, &own], 1_700_000_000, 6).unwrap()
}

fn written(dir: &Path) -> crate::WrittenImage {
    let layers = layers().layers.into_iter().zip(["slices", "files"]);
    let layers: Vec<(PackedLayer, &str)> = layers.collect();
    write_layout(dir, &config(), &layers).unwrap()
}

fn open(at: &Path) -> Result<OciImage, ImageError> {
    let reference: Reference = at.to_str().unwrap().parse().unwrap();
    OciImage::open(&reference, Arch::Amd64, &Limits::standard())
}

#[test]
fn reads_what_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("deep/layout");
    let written = written(&layout);
    let image = open(&layout).unwrap();
    assert_eq!(image.manifest, written.manifest);
    assert_eq!(image.config, written.config);
    assert!(image.oddities.is_empty(), "{:?}", image.oddities);
    assert!(layers().tree.diff(&image.tree).is_empty());
    let paths: Vec<&str> = image.tree.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/bin",
            "/etc",
            "/etc/app.conf",
            "/usr",
            "/usr/bin",
            "/usr/bin/app",
            "/usr/bin/b",
            "/usr/bin/more"
        ]
    );
    let runtime = image.runtime();
    assert_eq!(runtime.user.as_deref(), Some("65532:65532"));
    assert_eq!(runtime.env.unwrap(), ["PATH=/usr/bin"]);
    assert!(runtime.exposed_ports.unwrap().contains_key("8080/tcp"));
    assert_eq!(
        image.document.history().collect::<Vec<_>>(),
        ["slices", "files"]
    );
    assert_eq!(
        image.document.created.as_deref(),
        Some("2023-11-14T22:13:20Z")
    );
    let sizes = image.sizes();
    assert_eq!(
        (sizes.layers, sizes.files, sizes.file_bytes, sizes.entries),
        (2, 3, 11, 8)
    );
    let leftovers = fs::read_dir(layout.parent().unwrap()).unwrap().count();
    assert_eq!(leftovers, 1, "nothing temporary is left");
    let layers = [(self::layers().layers.remove(0), "x")];
    let again = write_layout(&layout, &config(), &layers).unwrap_err();
    assert!(matches!(again, ImageError::Occupied(_)), "{again}");
    assert_eq!(fs::read_dir(layout.parent().unwrap()).unwrap().count(), 1);
}

/// Fails when any byte of an image changes: another tar, deflate, JSON or default.
#[test]
fn golden_image_digest() {
    let dir = tempfile::tempdir().unwrap();
    let written = written(&dir.path().join("l"));
    let config = serde_json::to_string_pretty(&json(written.config.bytes())).unwrap();
    let text = format!("{}\n{config}\n", written.manifest.digest());
    expect_test::expect![[r#"
        sha256:f5007eb095efba9f9efeb5e4b904b924454efd5f27b4cec8437c2866418d48cb
        {
          "architecture": "amd64",
          "config": {
            "Cmd": [
              "--serve"
            ],
            "Entrypoint": [
              "/usr/bin/app"
            ],
            "Env": [
              "PATH=/usr/bin"
            ],
            "ExposedPorts": {
              "8080/tcp": {}
            },
            "StopSignal": "SIGTERM",
            "User": "65532:65532",
            "WorkingDir": "/"
          },
          "created": "2023-11-14T22:13:20Z",
          "history": [
            {
              "created": "2023-11-14T22:13:20Z",
              "created_by": "slices"
            },
            {
              "created": "2023-11-14T22:13:20Z",
              "created_by": "files"
            }
          ],
          "os": "linux",
          "rootfs": {
            "diff_ids": [
              "sha256:d3c0f875c97d6dff17f745cf071961eb20b17d5dbcc006a39bb409eaf947c692",
              "sha256:d38315dc302dbb6127aaf58b37b86db7aa469f73d36456253df5f413919483e7"
            ],
            "type": "layers"
          }
        }
    "#]]
    .assert_eq(&text);
}

#[test]
fn archives_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let written = written(&layout);
    let archive = dir.path().join("image.tar");
    write_archive(&layout, &archive).unwrap();
    let first = fs::read(&archive).unwrap();
    write_archive(&layout, &archive).unwrap();
    assert_eq!(
        first,
        fs::read(&archive).unwrap(),
        "replaced by the same bytes"
    );
    let image = open(&archive).unwrap();
    assert_eq!(image.manifest, written.manifest);
    assert_eq!(image.tree, open(&layout).unwrap().tree);
    let packed = crate::gzip(&[first.into()], 1).unwrap().concat();
    let zipped = dir.path().join("image.tar.gz");
    fs::write(&zipped, packed).unwrap();
    assert_eq!(open(&zipped).unwrap().manifest, written.manifest);
    assert!(write_archive(&dir.path().join("none"), &archive).is_err());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        3,
        "no partial file is left"
    );
}

/// What `docker save` wrote before version 25: layers by folder, one of them a link.
fn save(dir: &Path, change: impl Fn(&mut serde_json::Value)) -> std::path::PathBuf {
    let layout = dir.join("layout");
    written(&layout);
    let image = open(&layout).unwrap();
    let mut tree = Tree::new();
    let blob = |bytes: Bytes| Entry::file(Blob::new(bytes), 0o644, Origin::User);
    for (number, layer) in image.layers.iter().enumerate() {
        let stored = fs::read(layout.join("blobs/sha256").join(layer.digest.hex())).unwrap();
        let plain = decompress(&stored.into(), number, &Limits::standard()).unwrap();
        let at = path(&format!("/{number}/layer.tar"));
        tree.insert(at, blob(plain)).unwrap();
    }
    let link = Entry::symlink("../1/layer.tar", Origin::User);
    tree.insert(path("/same/layer.tar"), link).unwrap();
    tree.insert(path("/c.json"), blob(image.config.bytes().clone()))
        .unwrap();
    let mut list = serde_json::json!([{
        "Config": "c.json", "RepoTags": ["app:1"], "Layers": ["0/layer.tar", "same/layer.tar"],
    }]);
    change(&mut list);
    tree.insert(path("/manifest.json"), blob(list.to_string().into()))
        .unwrap();
    let at = dir.join("saved.tar");
    let stream = crate::TarStream::of(&tree, 0).unwrap();
    fs::write(&at, stream.pieces().concat()).unwrap();
    at
}

#[test]
fn docker_archives_are_images_too() {
    let dir = tempfile::tempdir().unwrap();
    let saved = open(&save(dir.path(), |_| {})).unwrap();
    let layout = open(&dir.path().join("layout")).unwrap();
    assert_eq!(saved.config, layout.config);
    assert_eq!(saved.tree, layout.tree);
    assert_eq!(saved.layers[0].compression, Compression::None);
    assert_eq!(saved.layers[0].diff_id, layout.layers[0].diff_id);
}

#[test]
fn bad_docker_archives_are_refused() {
    let table: [(Change, &str); 4] = [
        (
            |list| list[0]["Layers"][1] = "gone".into(),
            "`gone` is absent",
        ),
        (
            |list| list[0]["Layers"][1] = "0/layer.tar".into(),
            "decompressed, has digest",
        ),
        (
            |list| list[0]["Layers"] = serde_json::json!([]),
            "names 0 layers",
        ),
        (
            |list| list[0] = serde_json::json!({}),
            "manifest.json is no valid",
        ),
    ];
    for (change, says) in table {
        let dir = tempfile::tempdir().unwrap();
        let error = open(&save(dir.path(), change)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn any_damaged_byte_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    written(&layout);
    let blobs = layout.join("blobs/sha256");
    for item in fs::read_dir(&blobs).unwrap() {
        let at = item.unwrap().path();
        let good = fs::read(&at).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(&at, &bad).unwrap();
        assert!(matches!(open(&layout), Err(ImageError::WrongDigest { .. })));
        fs::write(&at, &good[1..]).unwrap();
        assert!(matches!(open(&layout), Err(ImageError::WrongSize { .. })));
        fs::remove_file(&at).unwrap();
        let error = open(&layout).unwrap_err();
        let is_told = matches!(
            error,
            ImageError::Absent { .. } | ImageError::Reference { .. }
        );
        assert!(is_told, "{error}");
        fs::write(&at, good).unwrap();
    }
    open(&layout).unwrap();
    fs::write(layout.join("index.json"), "{").unwrap();
    assert!(matches!(open(&layout), Err(ImageError::Document { .. })));
    fs::remove_file(layout.join("index.json")).unwrap();
    assert!(matches!(open(&layout), Err(ImageError::NoImage(_))));
}

/// Puts `value` in the layout as a blob and returns its descriptor.
fn blob(layout: &Path, media_type: &str, value: &serde_json::Value) -> serde_json::Value {
    let document = RawDocument::new(value.to_string());
    let at = layout.join("blobs/sha256").join(document.digest().hex());
    fs::write(at, document.bytes()).unwrap();
    serde_json::json!({
        "mediaType": media_type, "digest": document.digest(), "size": document.size(),
    })
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn an_index_of_indexes_is_followed_within_limits() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let written = written(&layout);
    let mut index = json(written.index.bytes());
    let manifest = index["manifests"][0].clone();
    // Beside it: an attestation, a foreign platform that is not stored, an artifact.
    let attestation = serde_json::json!({
        "mediaType": crate::document::MEDIA_MANIFEST, "size": 9, "digest": Digest::of(b"gone"),
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    });
    let mut foreign = attestation.clone();
    foreign["annotations"] = serde_json::json!({});
    foreign["platform"] = serde_json::json!({"os": "linux", "architecture": "s390x"});
    let artifact = serde_json::json!({
        "schemaVersion": 2, "layers": [], "config": {
            "mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
            "digest": Digest::of(b"{}"),
        },
    });
    let artifact = blob(&layout, crate::document::MEDIA_MANIFEST, &artifact);
    index["manifests"] = serde_json::json!([attestation, foreign, artifact, manifest]);
    for depth in 1..=5 {
        let nested = blob(&layout, crate::document::MEDIA_INDEX, &index);
        index["manifests"] = serde_json::json!([nested]);
        fs::write(layout.join("index.json"), index.to_string()).unwrap();
        let found = open(&layout);
        assert_eq!(found.is_ok(), depth <= 4, "{depth}");
        if let Err(error) = found {
            assert!(error.to_string().contains("nesting"), "{error}");
        }
    }
}

#[test]
fn the_platform_and_name_decide() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let written = written(&layout);
    let limits = Limits::standard();
    let reference: Reference = layout.to_str().unwrap().parse().unwrap();
    let error = OciImage::open(&reference, Arch::Arm64, &limits).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no image for arm64 (there are: linux/amd64)"),
        "{error}"
    );
    assert_eq!(OciImage::platforms(&reference, &limits).unwrap().len(), 1);

    let mut index = json(written.index.bytes());
    let mut other = json(written.manifest.bytes());
    other["annotations"] = serde_json::json!({});
    let mut other = blob(&layout, crate::document::MEDIA_MANIFEST, &other);
    other["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": "other"});
    let first = index["manifests"][0].clone();
    index["manifests"] = serde_json::json!([first, other]);
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    let error = open(&layout).unwrap_err().to_string();
    assert!(error.contains("name one of: app, other"), "{error}");
    for (name, is_there) in [("app", true), ("other", true), ("third", false)] {
        let reference: Reference = format!("layout:{}:{name}", layout.display())
            .parse()
            .unwrap();
        let found = OciImage::open(&reference, Arch::Amd64, &limits);
        assert_eq!(found.is_ok(), is_there, "{name}");
    }
}

#[test]
fn manifests_that_lie_are_refused() {
    let table: [(Change, &str); 4] = [
        (
            |m| m["layers"][0]["mediaType"] = "text/plain".into(),
            "media type `text/plain`",
        ),
        (
            |m| m["layers"] = serde_json::json!([]),
            "names 0 layers, the configuration 2",
        ),
        (
            |m| m["layers"][1] = m["layers"][0].clone(),
            "decompressed, has digest",
        ),
        (|m| m["schemaVersion"] = 1.into(), "schema version"),
    ];
    for (change, says) in table {
        let dir = tempfile::tempdir().unwrap();
        let layout = dir.path().join("layout");
        let written = written(&layout);
        let mut manifest = json(written.manifest.bytes());
        change(&mut manifest);
        let mut index = json(written.index.bytes());
        index["manifests"] =
            serde_json::json!([blob(&layout, crate::document::MEDIA_MANIFEST, &manifest)]);
        fs::write(layout.join("index.json"), index.to_string()).unwrap();
        let error = open(&layout).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn limits_on_documents_and_layers_hold() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    written(&layout);
    let reference: Reference = layout.to_str().unwrap().parse().unwrap();
    let standard = Limits::standard();
    type Change = fn(&mut Limits);
    let changes: [(Change, &str); 5] = [
        (|l| l.document_bytes = 100, "100 bytes"),
        (|l| l.layers = 1, "1 layers"),
        (|l| l.manifests = 0, "0 manifests"),
        (|l| l.stored_bytes = 10, "10 bytes"),
        (|l| l.image_bytes = 4096, "bytes"),
    ];
    for (change, says) in changes {
        let mut limits = standard.clone();
        change(&mut limits);
        let error = OciImage::open(&reference, Arch::Amd64, &limits).unwrap_err();
        assert!(matches!(error, ImageError::Limit { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_media_type_that_is_not_the_bytes_is_odd() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let written = written(&layout);
    let mut manifest = json(written.manifest.bytes());
    manifest["layers"][0]["mediaType"] = MEDIA_LAYER_ZSTD.into();
    manifest["layers"][1]["mediaType"] =
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip".into();
    let mut index = json(written.index.bytes());
    index["manifests"] =
        serde_json::json!([blob(&layout, crate::document::MEDIA_MANIFEST, &manifest)]);
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    let image = open(&layout).unwrap();
    let odd: Vec<&str> = image.oddities.iter().map(|(_, odd)| &*odd.what).collect();
    assert!(odd[0].contains("found Gzip"), "{odd:?}");
    assert_eq!(odd[1], "a foreign layer");
}

fn import(from: &str, to: &Path) -> Result<OciImage, ImageError> {
    let reference: Reference = from.parse().unwrap();
    OciImage::import(&reference, Arch::Amd64, &Limits::standard(), to)
}

#[test]
fn an_image_is_brought_in_alike_from_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let written = written(&layout);
    let archive = dir.path().join("oci.tar");
    write_archive(&layout, &archive).unwrap();
    let daemon = dir.path().join("daemon.tar");
    let manifest = written.manifest.digest();
    crate::write_daemon_archive(&layout, manifest, "ns/app:1", &daemon).unwrap();
    let mut indexes = Vec::new();
    for (from, name) in [(&layout, "a"), (&archive, "b"), (&daemon, "c")] {
        let to = dir.path().join(name);
        let image = import(from.to_str().unwrap(), &to).unwrap();
        assert_eq!(image.manifest_origin, ManifestOrigin::Found);
        assert_eq!(open(&to).unwrap().manifest, written.manifest);
        indexes.push(fs::read(to.join("index.json")).unwrap());
        assert_eq!(fs::read_dir(to.join("blobs/sha256")).unwrap().count(), 4);
    }
    indexes.dedup();
    assert_eq!(indexes.len(), 1);
}

#[test]
fn a_saved_image_gets_a_manifest_that_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let saved = save(dir.path(), |list| {
        list[0]["RepoTags"] = serde_json::json!(["ns/app:1", "ns/app:2"]);
    });
    let from = |name: &str| format!("docker-archive:{}:{name}", saved.display());
    let to = dir.path().join("to");
    let image = import(&from("ns/app:2"), &to).unwrap();
    assert_eq!(image.manifest_origin, ManifestOrigin::Made);
    let read = open(&to).unwrap();
    assert_eq!(read.manifest_origin, ManifestOrigin::Found);
    assert_eq!((read.manifest, read.config), (image.manifest, image.config));
    let other = import(&from("ns/app:3"), &dir.path().join("other")).unwrap_err();
    assert!(other.to_string().contains("holds no such image"), "{other}");
}

#[test]
fn an_image_that_is_not_whole_is_not_brought_in() {
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    written(&layout);
    let blobs = layout.join("blobs/sha256");
    for item in fs::read_dir(&blobs).unwrap() {
        let at = item.unwrap().path();
        let good = fs::read(&at).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(&at, &bad).unwrap();
        let to = dir.path().join("into/to");
        import(layout.to_str().unwrap(), &to).unwrap_err();
        let left = fs::read_dir(to.parent().unwrap());
        assert_eq!(left.map_or(0, Iterator::count), 0);
        fs::write(&at, good).unwrap();
    }
}
