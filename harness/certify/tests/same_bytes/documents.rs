//! Documents beside an image: the same for the same packages, true to their digests, and inside the
//! image only where its spec asks for them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use image::{Limits, OciImage, Reference};
use model::{Arch, Digest};
use walkdir::WalkDir;

use crate::build::{Build, Built};
use crate::fixture::{Fixture, Packed};
use crate::tiny;

/// Every document of a built image, by path in its folder.
pub(crate) fn read(built: &Built) -> BTreeMap<Utf8PathBuf, String> {
    let arch = built.facts.arch.debian();
    let place = format!("images/{}/candidate/{arch}/metadata", built.facts.image);
    below(&built.out.join(place))
}

pub(crate) fn below(folder: &Utf8Path) -> BTreeMap<Utf8PathBuf, String> {
    let files = WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let path = Utf8PathBuf::try_from(entry.into_path()).unwrap();
            let text = fs_err::read_to_string(&path).unwrap();
            (path.strip_prefix(folder).unwrap().to_owned(), text)
        })
        .collect()
}

fn tree(built: &Built) -> rootfs::Tree {
    let name = &built.facts.image;
    let layout = built.out.join(format!("images/{name}/candidate/amd64"));
    let reference: Reference = format!("layout:{layout}").parse().unwrap();
    OciImage::open(&reference, Arch::Amd64, &Limits::standard())
        .unwrap()
        .tree
}

#[test]
fn documents_are_what_the_facts_say_and_are_written_elsewhere_too() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let (before, mut arguments) = tiny(&fixture);
    let elsewhere = fixture.root().join("elsewhere");
    arguments.extend(["--metadata".to_owned(), elsewhere.to_string()]);
    let cache = fixture.root().join("cache");
    let plain = Build {
        before: &before,
        ..Build::plain(&arguments, &cache)
    };
    let built = plain.run(&fixture.root().join("out"));
    let documents = read(&built);
    assert_eq!(documents, below(&elsewhere));
    for facts in &built.facts.documents {
        let path = built.out.join(&facts.path);
        let found = if facts.path.ends_with('/') {
            let line = |(name, text): (&Utf8PathBuf, &String)| {
                format!("{}  {name}\n", Digest::of(text.as_bytes()).hex())
            };
            let files = below(&path);
            assert!(!files.is_empty(), "{path}");
            Digest::of(files.iter().map(line).collect::<String>().as_bytes())
        } else {
            Digest::of(&fs_err::read(&path).unwrap())
        };
        assert_eq!(found, facts.digest, "{path}");
        assert!(facts.link().is_some(), "{path}");
    }
    let names: Vec<&str> = built
        .facts
        .documents
        .iter()
        .map(|facts| &*facts.name)
        .collect();
    let wanted = [
        "spdx",
        "cyclonedx",
        "status.d",
        "files",
        "licences",
        "copyrights",
        "openvex",
    ];
    assert_eq!(names, wanted);
    let spdx: serde_json::Value =
        serde_json::from_str(&documents[Utf8Path::new("spdx.json")]).unwrap();
    assert_eq!(
        spdx["packages"][0]["versionInfo"],
        built.digest().to_string()
    );
    let map: serde_json::Value =
        serde_json::from_str(&documents[Utf8Path::new("files.json")]).unwrap();
    assert_eq!(map["files"]["/etc/tiny.conf"]["origin"], "user");
    // What lies there already could be taken for what is new.
    let refused = Build {
        name: "again",
        ..plain
    }
    .attempt(&fixture.root().join("out"));
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not empty"));
}

#[test]
fn records_go_into_the_image_only_where_its_spec_asks() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let (before, arguments) = tiny(&fixture);
    let text = fs_err::read_to_string(fixture.config().join("images/tiny.yaml")).unwrap();
    fixture.put(
        "images/recorded.yaml",
        &format!("{text}metadata: [status.d]\n"),
    );
    let cache = fixture.root().join("cache");
    let place = fixture.root().join("out");
    let plain = Build {
        before: &before,
        ..Build::plain(&arguments, &cache)
    };
    let without = tree(&plain.run(&place));
    assert!(without.get("/var/lib/dpkg").is_none());
    let mut changed = arguments.clone();
    changed[0] = "recorded".to_owned();
    let recorded = Build {
        name: "recorded",
        arguments: &changed,
        ..plain
    };
    let built = recorded.run(&place);
    let tree = tree(&built);
    let beside = read(&built);
    for package in ["base-files", "hello", "hello-data"] {
        let blob = tree
            .read(&format!("/var/lib/dpkg/status.d/{package}"))
            .unwrap();
        let text = String::from_utf8_lossy(blob.bytes().unwrap()).into_owned();
        assert_eq!(text, beside[Utf8Path::new(&format!("status.d/{package}"))]);
        assert!(text.contains("\nStatus: install ok installed\n"), "{text}");
    }
    let records: Vec<_> = tree
        .iter()
        .filter(|(path, _)| path.as_str().contains("status.d/"))
        .collect();
    assert_eq!(records.len(), 6, "a paragraph and a list for each package");
    assert_eq!(rootfs::read::package_tools(&tree), []);
}

#[test]
fn a_kept_cut_and_one_over_other_files_have_the_documents_of_the_first() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let mirror = fixture.mirror();
    let cut = |name: &str, before: Option<&str>, epoch: &str| {
        let (root, documents) = (
            fixture.root().join(name),
            fixture.root().join(format!("{name}-documents")),
        );
        fs_err::create_dir(&root).unwrap();
        if let Some(text) = before {
            fs_err::write(root.join("before"), text).unwrap();
        }
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_certify"))
            .args(["--config", fixture.config().as_str(), "slices", "cut"])
            .args(["--release", "tiny", "--mirror", &mirror])
            .args(["--root", root.as_str(), "--metadata", documents.as_str()])
            .arg("hello_bins")
            .env("XDG_CACHE_HOME", fixture.root().join("cache"))
            .env("SOURCE_DATE_EPOCH", epoch)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{said}");
        below(&documents)
    };
    let first = cut("first", None, "1700000000");
    let kept = cut("kept", None, "1700000000");
    assert_eq!(first, kept);
    assert!(first[Utf8Path::new("spdx.json")].contains("\"created\": \"2023-11-14T22:13:20Z\""));
    let later = cut("later", None, "1700000001");
    assert_ne!(first, later);
    let over = cut("over", Some("it was here"), "1700000000");
    for name in ["files.json", "licences.json", "status.d/hello.md5sums"] {
        let name = Utf8Path::new(name);
        assert_eq!(first[name], over[name], "{name}");
    }
    assert!(!over.values().any(|text| text.contains("/before")));
}
