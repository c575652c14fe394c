//! `certify.yaml` and the folders beside it.

use crate::scene::{Ended, Scene};

fn plan(scene: &Scene, words: &[&str]) -> serde_json::Value {
    let mut all = vec!["plan", "--json"];
    all.extend(words);
    let done = Ended::of(scene.certify(&all));
    done.assert(0, &[]);
    serde_json::from_str(&done.stdout).unwrap()
}

fn cells(plan: &serde_json::Value) -> Vec<String> {
    let cells = plan["cells"].as_array().unwrap().iter();
    let mut ids: Vec<String> = cells
        .map(|cell| cell["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn the_file_says_what_is_run_and_the_command_line_wins() {
    let Some(scene) = Scene::new() else { return };
    let arch = model::Arch::host().unwrap().debian();
    scene.write(
        "config/certify.yaml",
        "images: [tiny]\nplatforms: [oci-runc]\nsuites: [startup]\nprofile: tiny\n",
    );
    let read = plan(&scene, &[]);
    assert_eq!(cells(&read), [format!("tiny/oci-runc/{arch}/startup")]);
    assert_eq!(read["profile"]["name"], "tiny");
    let other = plan(&scene, &["--suite", "density", "--platform", "oci"]);
    assert_eq!(cells(&other), [format!("tiny/oci/{arch}/density")]);
}

#[test]
fn what_a_spec_says_against_its_image_is_planned_and_must_be_about_a_check() {
    let Some(scene) = Scene::new() else { return };
    let words = ["--image", "odd", "--profile", "tiny"];
    scene.image(
        "odd",
        "serve",
        "falls_short: {IMM-001: a shell by nature}\n",
    );
    let read = plan(&scene, &words);
    assert_eq!(
        read["images"][0]["falls_short"]["IMM-001"],
        "a shell by nature"
    );
    for (more, said) in [
        ("falls_short: {IMM-999: why}\n", "there is no such check"),
        ("falls_short: {IMM-001: ' '}\n", "`IMM-001` has no reason"),
    ] {
        scene.image("odd", "serve", more);
        let mut call = scene.certify(&["plan"]);
        call.args(words);
        Ended::of(call).assert(2, &[said]);
    }
}

#[test]
fn what_a_spec_says_of_a_failure_stands_in_the_certificate_and_saves_nothing() {
    let Some(scene) = Scene::new() else { return };
    scene.image(
        "odd",
        "serve",
        "files: [{path: /usr/bin/sh, source: {text: ''}, mode: '0755'}]\n\
         falls_short: {IMM-001: a shell by nature, IMM-002: not so}\n",
    );
    let done = Ended::of(scene.job("odd", "immutability", "out"));
    done.assert(
        1,
        &["IMM-001", "the spec says so itself: a shell by nature"],
    );
    let file = scene.path("out/certificates");
    let mut files = file.read_dir_utf8().unwrap();
    let text = std::fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap();
    let certificate: serde_json::Value = serde_json::from_str(&text).unwrap();
    let said = &certificate["predicate"];
    assert_eq!(said["result"], "FAILED");
    let stated = serde_json::json!({"IMM-001": "a shell by nature"});
    assert_eq!(said["falls_short"], stated, "{text}");
    let failed = said["failedTests"].as_array().unwrap();
    assert!(failed.contains(&"IMM-001: fail".into()), "{text}");
    let report = std::fs::read_to_string(scene.path("out/report.json")).unwrap();
    assert!(report.contains("the spec says that IMM-002 fails, and it passed"));
}

#[test]
fn the_working_folder_is_looked_into_when_it_has_the_file() {
    let Some(scene) = Scene::new() else { return };
    scene.write("config/certify.yaml", "images: [tiny]\nprofile: tiny\n");
    let mut call = scene.certify(&["plan"]);
    call.env_remove("CERTIFY_CONFIG")
        .current_dir(scene.path("config"));
    Ended::of(call).assert(0, &[]);
    let mut call = scene.certify(&["plan", "--image", "tiny"]);
    call.env_remove("CERTIFY_CONFIG");
    Ended::of(call).assert(2, &["there is no image `tiny`"]);
}

#[test]
fn own_data_is_hashed_into_the_plan_and_named_in_the_log() {
    let Some(scene) = Scene::new() else { return };
    scene.write(
        "config/certify.yaml",
        "images: [tiny]\nprofile: tiny\nsuites: [immutability]\n",
    );
    let before = plan(&scene, &[]);
    let own: Vec<&str> = before["own"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        own,
        [
            "images/tiny.yaml",
            "releases/tiny",
            "suites/profiles/tiny.yaml"
        ]
    );
    let slices = "config/releases/tiny/slices/tiny.yaml";
    let text = std::fs::read_to_string(scene.path(slices)).unwrap();
    scene.write(slices, &format!("{text}# one more line\n"));
    let after = plan(&scene, &[]);
    assert_eq!(before["own"][0], after["own"][0]);
    assert_ne!(before["own"][1], after["own"][1]);
    let done = Ended::of(scene.certify(&["run", "--out", "out"]));
    done.assert(
        0,
        &[
            "certify.yaml",
            "images/tiny.yaml",
            "releases/tiny",
            "suites/profiles/tiny.yaml",
        ],
    );
    // What ships is nobody's own.
    let shipped = plan(&scene, &["--image", "valkey", "--profile", "smoke"]);
    assert!(shipped.get("own").is_none(), "{}", shipped["own"]);
}

#[test]
fn a_mirror_of_the_file_is_used() {
    let Some(scene) = Scene::new() else { return };
    let mirror = format!("mirrors: [\"tiny={}\"]\n", scene.server.address());
    scene.write("config/certify.yaml", &mirror);
    let mut call = scene.certify(&["build", "tiny", "--out", "out"]);
    call.env_remove("CERTIFY_MIRROR");
    Ended::of(call).assert(0, &[]);
    scene.write("config/certify.yaml", "mirrors: [nowhere]\n");
    let done = Ended::of(scene.certify(&["build", "tiny", "--out", "other"]));
    done.assert(2, &["certify.yaml: "]);
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_place() {
    let Some(scene) = Scene::new() else { return };
    for (text, shown) in [
        (
            "# mine\nimages: [tiny]\nplatfroms: [oci]\n",
            "platfroms: [oci]",
        ),
        ("platforms: [no-such]\n", "there is no platform `no-such`"),
        ("suites: [no-such]\n", "there is no suite `no-such`"),
        ("profile: no-such\n", "there is no profile `no-such`"),
        ("images: [no-such]\n", "there is no image `no-such`"),
        ("images: []\n", "`images` is empty"),
        ("images: tiny\n", "images: tiny"),
    ] {
        scene.write("config/certify.yaml", text);
        let done = Ended::of(scene.certify(&["run", "--out", "out"]));
        done.assert(2, &[shown, "certify.yaml", "(exit 2)"]);
        assert!(!scene.path("out").exists());
    }
}

#[test]
fn a_folder_without_anything_to_find_is_refused() {
    let Some(scene) = Scene::new() else { return };
    for folder in ["tmp", "no-such-folder"] {
        let done = Ended::of(scene.certify(&["plan", "--config", folder]));
        done.assert(2, &["--config", folder, "certify.yaml"]);
    }
}

#[test]
fn a_platform_that_does_not_answer_is_not_left_out() {
    let Some(scene) = Scene::new() else { return };
    scene.write(
        "config/certify.yaml",
        "images: [tiny]\nplatforms: [oci, oci-runc]\nsuites: [immutability]\nprofile: tiny\n",
    );
    let mut call = scene.certify(&["run", "--out", "out"]);
    call.env("PATH", scene.path("tmp"));
    let done = Ended::of(call);
    done.assert(
        5,
        &["runc is not on PATH", "apt-get install runc", "(exit 5)"],
    );
    scene.assert_clean("out");
}

#[test]
fn the_schema_is_published() {
    let Some(scene) = Scene::new() else { return };
    let done = Ended::of(scene.certify(&["schema", "certify.yaml"]));
    done.assert(0, &[]);
    let schema: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    for key in [
        "images",
        "platforms",
        "suites",
        "profile",
        "baseline",
        "mirrors",
    ] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}
