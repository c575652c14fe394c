//! An existing image from everywhere an image can be: the same checks, the same digests, and a
//! report that says where it came from.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use image::{Limits, OciImage};
use model::{Arch, ImageFacts};
use serde_json::{Value, json};
use testkit::{Access, Answer, FakeRegistry, RegistryFault, Request, ServedRegistry};

use crate::scene::{Ended, Scene, skipped};

/// Builds the scene's image; its layout.
fn built(scene: &Scene, name: &str, more: &[&str]) -> Utf8PathBuf {
    let out = format!("built-{name}");
    let mut call = scene.certify(&["build", name, "--out", &out]);
    call.args(more);
    Ended::of(call).assert(0, &[]);
    let arch = Arch::host().unwrap().debian();
    scene.path(&format!("{out}/images/{name}/candidate/{arch}"))
}

/// A spec of an existing image that the scene can judge.
fn spec(scene: &Scene, from: &str) {
    let from = Value::String(from.to_owned());
    let text = format!(
        "summary: An existing image\nfrom: {from}\nconfig: {{entrypoint: []}}\nreadiness:\n  \
         log: {{contains: ready}}\nresources: {{memory_mib: 64, pids: 16}}\nbaseline: none\n"
    );
    scene.write("config/images/foreign.yaml", &text);
}

fn report(scene: &Scene, out: &str) -> Value {
    let text = std::fs::read_to_string(scene.path(out).join("report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn facts(report: &Value) -> ImageFacts {
    serde_json::from_value(report["subjects"][0]["candidate"].clone()).unwrap()
}

/// What a report says of every check, without what no two runs share: numbers of processes, times.
fn checks(report: &Value) -> BTreeMap<String, String> {
    let rows = report["checks"].as_array().unwrap();
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("id"), text("outcome"))
    };
    rows.iter().map(row).collect()
}

/// What `docker save` wrote before version 25: no manifest, layers unpacked.
fn old_archive(layout: &Utf8Path, file: &Utf8Path) {
    let reference = layout.as_str().parse().unwrap();
    let arch = Arch::host().unwrap();
    let image = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
    let mut tar = tar::Builder::new(std::fs::File::create(file).unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    let mut layers = Vec::new();
    for (number, layer) in image.layers.iter().enumerate() {
        let stored = std::fs::read(layout.join("blobs/sha256").join(layer.digest.hex())).unwrap();
        let mut plain = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(&stored[..]);
        reader.read_to_end(&mut plain).unwrap();
        let name = format!("{number}/layer.tar");
        add(&name, &plain);
        layers.push(name);
    }
    let config = format!("{}.json", image.config.digest().hex());
    add(&config, image.config.bytes());
    let list = json!([{"Config": config, "RepoTags": ["ns/tiny:1"], "Layers": layers}]);
    add("manifest.json", list.to_string().as_bytes());
    tar.finish().unwrap();
}

/// What a daemon says of one image, on a socket in the scene.
fn daemon(scene: &Scene, id: String, archive: Vec<u8>) -> String {
    let socket = scene.path("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let Ok(Some(request)) = Request::read(connection.try_clone().unwrap()) else {
                continue;
            };
            let json = |value: Value| {
                Answer::of(200)
                    .with("Content-Type", "application/json")
                    .body(value.to_string())
            };
            let path = request.path.as_str();
            let answer = if path.ends_with("/version") {
                json(json!({"Version": "99", "ApiVersion": "1.41", "MinAPIVersion": "1.24"}))
            } else if path.ends_with("/info") {
                json(json!({}))
            } else if !path.contains("tiny") {
                let said = json!({"message": "No such image"});
                let answer = json(said);
                Answer {
                    status: 404,
                    ..answer
                }
            } else if path.ends_with("/json") {
                json(json!({ "Id": id }))
            } else {
                Answer::of(200).body(archive.clone())
            };
            // A client that goes away is its own matter.
            let _ = answer.head(&mut connection);
            let _ = connection.write_all(&answer.body);
        }
    });
    format!("unix://{socket}")
}

#[test]
fn the_same_image_from_everywhere_gives_the_same_report() {
    let Some(scene) = Scene::new() else { return };
    let registry = FakeRegistry::with(Access::Open, false);
    let name = format!("{}/ns/tiny:1", registry.host());
    let layout = built(&scene, "tiny", &["--push", &name]);
    let reference = layout.as_str().parse().unwrap();
    let arch = Arch::host().unwrap();
    let image = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
    let manifest = image.manifest.digest();
    let (oci, saved, old) = ("oci.tar", "saved.tar", "old.tar");
    image::write_archive(layout.as_std_path(), scene.path(oci).as_std_path()).unwrap();
    let path = scene.path(saved);
    image::write_daemon_archive(
        layout.as_std_path(),
        manifest,
        "ns/tiny:1",
        path.as_std_path(),
    )
    .unwrap();
    old_archive(&layout, &scene.path(old));
    let archive = std::fs::read(scene.path(old)).unwrap();
    let docker = daemon(&scene, image.config.digest().to_string(), archive);
    let forms = [
        ("layout", layout.to_string(), true),
        ("oci-archive", oci.to_owned(), true),
        ("saved", format!("docker-archive:{saved}"), true),
        ("registry", format!("docker://{name}"), true),
        ("old", format!("docker-archive:{old}:ns/tiny:1"), false),
        ("daemon", "docker-daemon:ns/tiny:1".to_owned(), false),
    ];
    let found = forms.map(|(form, from, has_manifest)| {
        certified(&scene, &image, (form, &from, has_manifest), &docker)
    });
    for other in &found[1..] {
        assert_eq!(found[0], *other);
    }
}

/// Certifies `image` from somewhere; the exit code, and what was found.
fn certified(
    scene: &Scene,
    image: &OciImage,
    (form, from, has_manifest): (&str, &str, bool),
    docker: &str,
) -> (i32, BTreeMap<String, String>) {
    spec(scene, from);
    let mut job = scene.job("foreign", "immutability", form);
    job.env("DOCKER_HOST", docker);
    let done = Ended::of(job);
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    let report = report(scene, form);
    let facts = facts(&report);
    assert_eq!(facts.config, image.config.digest(), "{form}");
    assert_eq!(facts.tree, image.tree.digest(), "{form}");
    let is_same = facts.manifest == image.manifest.digest();
    assert_eq!(is_same, has_manifest, "{form}");
    let mut notes = facts.notes.iter();
    let is_told = notes.any(|note| note.contains("was made from its parts"));
    assert_eq!(is_told, !has_manifest, "{form}: {:?}", facts.notes);
    let place = from.split_once("docker://").map_or(from, |(_, rest)| rest);
    let place = place.trim_start_matches("docker-archive:");
    assert!(facts.origin.contains(place), "{form}: {}", facts.origin);
    let journal = std::fs::read_to_string(scene.path(form).join("journal")).unwrap();
    assert!(journal.contains(&json!(facts.origin).to_string()), "{form}");
    scene.assert_clean(form);
    let checks = checks(&report);
    let passed = checks.values().filter(|outcome| *outcome == "pass").count();
    assert!(passed > 12, "{form}: {checks:?}");
    (done.status.code().unwrap(), checks)
}

mod served {
    //! The same against a real server.

    use super::*;

    #[test]
    fn a_real_registry_gives_the_same_report() {
        let served = match ServedRegistry::start(None) {
            Ok(served) => served,
            Err(why) => return skipped("cluster", &why),
        };
        let Some(scene) = Scene::new() else { return };
        let name = format!("{}/deep/ns/tiny:1", served.host());
        let layout = built(&scene, "tiny", &["--push", &name]);
        let reference = layout.as_str().parse().unwrap();
        let arch = Arch::host().unwrap();
        let image = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
        let [here, there] = [("layout", layout.as_str()), ("served", &name)]
            .map(|(form, from)| certified(&scene, &image, (form, from, true), ""));
        assert_eq!(here, there);
    }
}

/// An image without a spec runs as its own configuration says.
#[test]
fn a_bare_name_is_enough_for_an_image_that_exposes_a_port() {
    let Some(scene) = Scene::new() else { return };
    let registry = FakeRegistry::start();
    let text = "summary: A static program\nslices:\n  tiny: [tiny_bins]\nconfig:\n  \
                entrypoint: [/usr/bin/tiny, listen]\n  user: \"4321:4321\"\n  ports: [8080]\n\
                readiness: {tcp: {port: 8080}}\nresources: {memory_mib: 64, pids: 16}\n\
                baseline: none\n";
    scene.write("config/images/listening.yaml", text);
    let name = format!("{}/ns/listening:1", registry.host());
    built(&scene, "listening", &["--push", &name]);
    let own = Ended::of(scene.job("listening", "immutability", "own"));
    own.assert(0, &[]);
    let bare = Ended::of(scene.job(&name, "immutability", "bare"));
    let (own, report) = (report(&scene, "own"), report(&scene, "bare"));
    assert_eq!(
        report["subjects"][0]["image"], "listening-1",
        "{}",
        bare.stderr
    );
    assert_eq!(facts(&report).manifest, facts(&own).manifest);
    let notes = facts(&report).notes.join("\n");
    assert!(
        notes.contains("/usr/bin/tiny listen as user 4321:4321"),
        "{notes}"
    );
    assert!(notes.contains("TCP port 8080"), "{notes}");
    // Only who owns which file is not known of an existing image.
    let (own, mut found) = (checks(&own), checks(&report));
    assert_eq!(found.remove("IMM-004").as_deref(), Some("not-applicable"));
    let mut wanted = own;
    wanted.remove("IMM-004");
    assert_eq!(found, wanted);
    // The same with nothing exposed says what to write.
    let other = format!("{}/ns/tiny:1", registry.host());
    built(&scene, "tiny", &["--push", &other]);
    let done = Ended::of(scene.job(&other, "immutability", "silent"));
    done.assert(2, &["exposes no TCP port", "readiness:"]);
}

#[test]
fn what_cannot_be_had_is_told_and_certifies_nothing() {
    let Some(scene) = Scene::new() else { return };
    let registry = FakeRegistry::start();
    let name = format!("{}/ns/tiny:1", registry.host());
    let layout = built(&scene, "tiny", &["--push", &name]);
    let docker = daemon(&scene, "sha256:other".to_owned(), Vec::new());
    std::fs::write(scene.path("text.tar"), "no archive").unwrap();
    let damaged = scene.path("damaged");
    copy(&layout, &damaged);
    for blob in damaged.join("blobs/sha256").read_dir_utf8().unwrap() {
        std::fs::write(blob.unwrap().path(), "damaged").unwrap();
    }
    let none = format!("docker://{}/none:1", registry.host());
    for (from, code, says) in [
        ("pyhton", 2, "there is no image `pyhton`"),
        ("postgers", 2, ", postgres, "),
        ("docker://UPPER", 2, "is no name of an image"),
        (&none, 2, "is not there (MANIFEST_UNKNOWN"),
        ("absent.tar", 2, "absent.tar"),
        ("text.tar", 2, "text.tar"),
        ("./nowhere", 2, "nowhere"),
        (damaged.as_str(), 2, "bytes, declared are"),
        ("docker-daemon:absent", 2, "has no image `absent`"),
        ("docker://me:hunter2@reg.example/a", 2, "***@reg.example/a"),
    ] {
        let mut job = scene.job(from, "immutability", "refused");
        job.env("DOCKER_HOST", &docker);
        let done = Ended::of(job);
        done.assert(code, &[says]);
        assert!(!done.stderr.contains("hunter2"), "{}", done.stderr);
        let _ = std::fs::remove_dir_all(scene.path("refused"));
    }
    // What is wrong with the way there is the environment's.
    for (number, fault) in [
        RegistryFault::Status(401),
        RegistryFault::WrongBytes,
        RegistryFault::Busy(3600),
    ]
    .into_iter()
    .enumerate()
    {
        let registry = FakeRegistry::start();
        let name = format!("{}/ns/tiny:1", registry.host());
        let out = format!("pushed-{number}");
        let push = scene.certify(&["build", "tiny", "--out", &out, "--push", &name]);
        Ended::of(push).assert(0, &[]);
        registry.spoil("GET", "/manifests/", fault, usize::MAX);
        let out = format!("spoilt-{number}");
        let done = Ended::of(scene.job(&name, "immutability", &out));
        done.assert(5, &["pulling"]);
        let place = scene.path(&out).join("images/tiny-1/candidate");
        let left = place.read_dir_utf8().map_or(0, Iterator::count);
        assert_eq!(left, 0, "{place}");
    }
    // A push that fails leaves the image, and says so by its own exit code.
    registry.spoil("PUT", "/manifests/", RegistryFault::Status(400), usize::MAX);
    let push = scene.certify(&["build", "tiny", "--out", "unpushed", "--push", &name]);
    Ended::of(push).assert(7, &["said 400"]);
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    let done = Command::new("cp")
        .args(["-r", from.as_str(), to.as_str()])
        .status();
    assert!(done.unwrap().success());
}
