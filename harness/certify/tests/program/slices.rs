//! `slices` as people and scripts call it.

use serde_json::Value;
use testkit::{ArchiveKey, DebBuilder, KeyPlan};

use crate::scene::{Ended, Scene};

fn slices(scene: &Scene, words: &[&str]) -> Ended {
    let mut call = scene.certify(&["slices"]);
    call.args(words);
    Ended::of(call)
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The archive with another package in it, signed by a key that the release takes from now on.
fn publish(scene: &Scene, version: &str, content: &str) {
    let key = ArchiveKey::make(&KeyPlan::PLAIN);
    let package = DebBuilder::new("tiny", version)
        .architecture(model::Arch::host().unwrap().debian())
        .dir("/var", 0o755)
        .file("/usr/bin/tiny", 0o755, content.as_bytes())
        .build();
    scene.sign(&key, package);
    let id = key.signing_fingerprint();
    let id = &id[id.len() - 16..];
    let path = scene.path("config/releases/tiny/chisel.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text
        .lines()
        .map(|line| match line.trim_start().strip_prefix("id: ") {
            Some(_) => format!("    id: {id}\n"),
            None => format!("{line}\n"),
        });
    std::fs::write(&path, lines.collect::<String>()).unwrap();
    scene.write("config/releases/tiny/keys/tiny.asc", &key.armored());
    scene.write(
        "config/releases/tiny/slices/tiny.yaml",
        "package: tiny\nslices:\n  bins:\n    contents:\n      /usr/bin/tiny:\n      /var/:\n  file:\n    \
         contents:\n      /usr/bin/tiny:\n",
    );
}

#[test]
fn verbs_of_the_reference_fail_with_its_exit_code() {
    let Some(scene) = Scene::new() else { return };
    scene.write("file", "x");
    std::fs::create_dir(scene.path("root")).unwrap();
    let cut = ["cut", "--release", "tiny", "--root"];
    for (words, said) in [
        (
            vec!["cut", "--release", "none/", "--root", "root", "tiny_bins"],
            "none/",
        ),
        (vec!["cut", "--release", "tiny", "tiny_bins"], "--root"),
        ([&cut[..], &["file", "tiny_bins"]].concat(), "file"),
        (
            [&cut[..], &["missing", "tiny_bins"]].concat(),
            "target directory does not exist",
        ),
        ([&cut[..], &["root"]].concat(), "SLICE"),
        (
            [&cut[..], &["root", "--bogus", "tiny_bins"]].concat(),
            "--bogus",
        ),
        (
            [&cut[..], &["root", "--ignore=weather", "tiny_bins"]].concat(),
            "--ignore",
        ),
        (
            [&cut[..], &["root", "tiny_none"]].concat(),
            "slice tiny_none not found",
        ),
        (
            [&cut[..], &["root", "nonsense"]].concat(),
            "invalid slice reference",
        ),
        (
            vec!["cut", "--release", "Foo", "--root", "root", "tiny_bins"],
            "invalid release reference",
        ),
        (vec!["slice"], "slice"),
        (vec!["info", "--release", "tiny"], "PKG|SLICE"),
        // Definitions can be read whatever the age of their release: there is nothing to ignore.
        (
            vec!["find", "--release", "tiny", "--ignore=unstable", "tiny"],
            "unexpected argument '--ignore'",
        ),
        (
            vec!["info", "--release", "tiny", "--ignore=unstable", "tiny"],
            "unexpected argument '--ignore'",
        ),
        (
            vec!["info", "--release", "tiny", "none"],
            "no slice definitions found for: \"none\"",
        ),
        (
            vec![
                "debug",
                "check-release-archives",
                "--release",
                "tiny",
                "--arch",
                "pdp11",
            ],
            "pdp11",
        ),
    ] {
        let ended = slices(&scene, &words);
        ended.assert(1, &["error: ", said]);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    }
    let left = std::fs::read_dir(scene.path("root")).unwrap().count();
    assert_eq!(left, 0, "nothing is written by a cut that fails");
    // Ours keep the exit codes of the program.
    slices(&scene, &["check", "none"]).assert(2, &["invalid release reference: \"none\""]);
    slices(&scene, &["check", "--bogus"]).assert(2, &["--bogus"]);
}

#[test]
fn a_cut_leaves_alone_what_is_not_its_own() {
    let Some(scene) = Scene::new() else { return };
    for folder in ["root/elsewhere/bin", "root/etc"] {
        std::fs::create_dir_all(scene.path(folder)).unwrap();
    }
    scene.write("root/etc/mine", "me");
    scene.write("root/elsewhere/bin/tiny", "old");
    std::os::unix::fs::symlink("elsewhere", scene.path("root/usr")).unwrap();
    let words = [
        "cut",
        "--release",
        "tiny",
        "--root",
        "root",
        "--json",
        "tiny_bins",
    ];
    let ended = slices(&scene, &words);
    ended.assert(0, &["1 packages into root"]);
    let told = json(&ended);
    assert_eq!(told["written"]["files"], 1);
    assert_eq!(told["packages"][0]["name"], "tiny");
    assert_eq!(
        std::fs::read_to_string(scene.path("root/etc/mine")).unwrap(),
        "me"
    );
    let cut = std::fs::read(scene.path("root/elsewhere/bin/tiny")).unwrap();
    assert!(cut.starts_with(b"\x7fELF"));
    assert!(scene.path("root/usr").is_symlink());
    // A link that leaves the root is not followed.
    std::fs::remove_file(scene.path("root/usr")).unwrap();
    std::fs::create_dir_all(scene.path("outside/bin")).unwrap();
    std::os::unix::fs::symlink("../outside", scene.path("root/usr")).unwrap();
    slices(&scene, &words).assert(1, &["nothing at `/outside`"]);
    assert_eq!(
        std::fs::read_dir(scene.path("outside/bin"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_dry_run_says_what_it_would_cut() {
    let Some(scene) = Scene::new() else { return };
    std::fs::create_dir(scene.path("root")).unwrap();
    let words = [
        "cut",
        "--release",
        "tiny",
        "--root",
        "root",
        "tiny_bins",
        "--dry-run",
    ];
    slices(&scene, &words).assert(0, &["1 slices of 1 packages", "nothing was fetched"]);
    let asked = scene.server.asked(".deb");
    assert_eq!(asked, 0, "no package is fetched");
    let mut more = words.to_vec();
    more.extend(["--json", "--quiet", "--jobs", "1"]);
    let ended = slices(&scene, &more);
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    let told = json(&ended);
    assert_eq!(told["slices"], serde_json::json!(["tiny_bins"]));
    assert_eq!(told["written"], Value::Null);
    assert_eq!(std::fs::read_dir(scene.path("root")).unwrap().count(), 0);
}

#[test]
fn the_same_cut_is_taken_up_again_unless_anything_differs() {
    let Some(scene) = Scene::new() else { return };
    publish(&scene, "1.0-1", "one");
    for root in ["first", "second", "third", "fourth"] {
        std::fs::create_dir(scene.path(root)).unwrap();
    }
    let cut = |root: &str, more: &[&str]| {
        let words = ["cut", "--release", "tiny", "--root", root, "tiny_bins"];
        slices(&scene, &[&words[..], more].concat()).assert(0, &["1 files, 3 bytes"]);
        std::fs::read_to_string(scene.path(root).join("usr/bin/tiny")).unwrap()
    };
    assert_eq!(cut("first", &[]), "one");
    let kept = || {
        let files = std::fs::read_dir(scene.path("cache/certify/cuts")).unwrap();
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    };
    let [file] = &kept()[..] else {
        panic!("{:?}", kept())
    };
    // Damage is seen, and the file is a copy: what is written into a root does not reach it.
    std::fs::write(scene.path("first/usr/bin/tiny"), "changed").unwrap();
    assert_eq!(cut("second", &[]), "one");
    let mut bytes = std::fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(file, bytes).unwrap();
    assert_eq!(cut("third", &[]), "one");
    std::fs::remove_file(file).unwrap();
    assert_eq!(cut("fourth", &["--no-cache"]), "one");
    assert!(kept().is_empty());
}

#[test]
fn slices_are_found_and_printed() {
    let Some(scene) = Scene::new() else { return };
    let found = slices(&scene, &["find", "--release", "tiny", "tinny", "_bins"]);
    found.assert(0, &[]);
    assert_eq!(found.stdout, "Slice      Hint\ntiny_bins  -\n");
    let none = slices(&scene, &["find", "--release", "tiny", "huge"]);
    none.assert(0, &["No matching slices for \"huge\""]);
    let rows = json(&slices(
        &scene,
        &["find", "--release", "tiny", "--json", "tiny"],
    ));
    assert_eq!(
        rows,
        serde_json::json!([{"slice": "tiny_bins", "hint": ""}])
    );
    let info = slices(&scene, &["info", "--release", "tiny", "tiny_bins"]);
    info.assert(0, &[]);
    let text = "package: tiny\nslices:\n    bins:\n        contents:\n            /usr/bin/tiny: \
                {}\n            /var/: {}\n";
    assert_eq!(info.stdout, text);
    let checked = slices(
        &scene,
        &["debug", "check-release-archives", "--release", "tiny"],
    );
    checked.assert(0, &[]);
    assert!(checked.stdout.is_empty(), "{}", checked.stdout);
    let explained = slices(&scene, &["check", "--explain-differences"]);
    explained.assert(0, &[]);
    assert!(
        explained.stdout.contains("recorded cases"),
        "{}",
        explained.stdout
    );
}

#[test]
fn a_lock_refuses_anything_else() {
    let Some(scene) = Scene::new() else { return };
    publish(&scene, "1.0-1", "one");
    std::fs::create_dir(scene.path("root")).unwrap();
    let lock = ["lock", "--release", "tiny"];
    let cut = [
        "cut",
        "--release",
        "tiny",
        "--root",
        "root",
        "--lock",
        "slices.lock",
    ];
    slices(&scene, &lock).assert(2, &["name the slices"]);
    slices(&scene, &[&lock[..], &["--locked"]].concat()).assert(2, &["there is no lock"]);
    slices(&scene, &[&lock[..], &["tiny_bins"]].concat()).assert(0, &["1 packages for"]);
    slices(&scene, &lock).assert(0, &["nothing changes"]);
    slices(&scene, &[&lock[..], &["--locked"]].concat()).assert(0, &["nothing changes"]);
    slices(&scene, &cut).assert(0, &["1 files, 3 bytes"]);
    let locked = std::fs::read_to_string(scene.path("slices.lock")).unwrap();

    // The same release offers another version: its key changes too, so the lock is of another one.
    publish(&scene, "1.0-2", "three");
    let changed = slices(&scene, &lock);
    changed.assert(1, &["1 packages change", "the release was"]);
    assert!(changed.stdout.contains("newer  tiny"), "{}", changed.stdout);
    assert_eq!(
        std::fs::read_to_string(scene.path("slices.lock")).unwrap(),
        locked
    );
    slices(&scene, &cut).assert(1, &["the lock is of"]);

    // The same release and the old lock: what it names is gone.
    let now = slices(
        &scene,
        &[&lock[..], &["--lock", "now", "tiny_bins"]].concat(),
    );
    now.assert(0, &[]);
    let mut wrong: Value = serde_json::from_str(&locked).unwrap();
    let right = std::fs::read_to_string(scene.path("now")).unwrap();
    let right: Value = serde_json::from_str(&right).unwrap();
    wrong["release"] = right["release"].clone();
    scene.write("slices.lock", &wrong.to_string());
    slices(&scene, &cut).assert(1, &["\"tiny\" 1.0-1 of the lock", "slices lock --update"]);
    slices(&scene, &[&lock[..], &["--locked"]].concat()).assert(1, &["1 packages change"]);

    slices(&scene, &[&lock[..], &["--update"]].concat()).assert(0, &["1 packages for"]);
    slices(&scene, &cut).assert(0, &["1 files, 5 bytes"]);
    scene.write("slices.lock", "{\"schema\": 1}");
    slices(&scene, &cut).assert(1, &["lock slices.lock: "]);
}

/// A stand-in for the reference tool, which makes what `script` says in the root of its call.
fn stand_in(scene: &Scene, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let text = format!(
        "#!/bin/sh\nwhile [ \"$1\" != --root ]; do shift; done\ncd \"$2\" || exit 1\n{script}\n"
    );
    scene.write("chisel", &text);
    let path = scene.path("chisel");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string()
}

#[test]
fn a_cut_is_held_against_the_reference() {
    let Some(scene) = Scene::new() else { return };
    publish(&scene, "1.0-1", "one");
    let same = "umask 022; mkdir -p usr/bin; printf one > usr/bin/tiny; chmod 755 usr/bin/tiny";
    for (at, (more, code, said)) in [
        ("", 0, "1 files"),
        (
            "chmod 700 usr/bin/tiny",
            1,
            "/usr/bin/tiny: file 0755, 1 names",
        ),
        ("printf two > usr/bin/tiny", 1, "/usr/bin/tiny: "),
        ("mkdir var", 1, "/var: absent here, directory 0755 there"),
        (
            "rm -r usr; ln -s nowhere usr",
            1,
            "/usr: directory 0755 here, link to nowhere there",
        ),
        ("exit 3", 1, "did not cut it"),
    ]
    .into_iter()
    .enumerate()
    {
        let program = stand_in(&scene, &format!("{same}; {more}"));
        let root = format!("root-{at}");
        std::fs::create_dir(scene.path(&root)).unwrap();
        let words = [
            "cut",
            "--release",
            "tiny",
            "--root",
            &root,
            "tiny_file",
            "--with-reference",
        ];
        let ended = slices(&scene, &[&words[..], &[&program]].concat());
        ended.assert(code, &[said]);
    }
    let again = ["cut", "--release", "tiny", "--root", "root-0", "tiny_file"];
    slices(
        &scene,
        &[&again[..], &["--with-reference", "./chisel"]].concat(),
    )
    .assert(1, &["is not empty"]);
}

#[test]
fn a_locked_image_is_built_once_of_what_the_lock_holds() {
    let Some(scene) = Scene::new() else { return };
    publish(&scene, "1.0-1", "one");
    let lock = ["lock", "--release", "tiny", "--image", "tiny"];
    slices(&scene, &lock).assert(0, &["1 packages for"]);
    let build = |out: &str| {
        let words = [
            "build",
            "tiny",
            "--lock",
            "slices.lock",
            "--json",
            "--out",
            out,
        ];
        Ended::of(scene.certify(&words))
    };
    let first = build("first");
    first.assert(0, &["Archive"]);
    let asked = scene.server.asked("InRelease");
    let second = build("second");
    second.assert(0, &["kept"]);
    assert_eq!(
        scene.server.asked("InRelease"),
        asked,
        "no archive is opened again"
    );
    assert_eq!(json(&first)["manifest"], json(&second)["manifest"]);
    let arch = model::Arch::host().unwrap().debian();
    for file in ["index.json", "rootfs.tree", "metadata/spdx.json"] {
        let read = |out: &str| {
            let place = format!("{out}/images/tiny/candidate/{arch}/{file}");
            std::fs::read(scene.path(&place)).unwrap()
        };
        assert_eq!(read("first"), read("second"), "{file}");
    }
    // Another spec is another image, and a lock of another release is refused before any download.
    scene.image("tiny", "serve --again", "");
    build("third").assert(0, &["Archive"]);
    publish(&scene, "1.0-2", "three");
    build("fourth").assert(2, &["the lock is of"]);
}
