//! `doctor`: what is needed and is not there, and what nobody asked for.

use crate::scene::{Ended, Scene};

/// What doctor says of a platform, ending with `code`.
fn state(scene: &Scene, platform: &str, code: i32) -> serde_json::Value {
    let done = Ended::of(scene.certify(&["doctor", "--json"]));
    done.assert(code, &[]);
    let findings: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let what = format!("platform {platform}");
    let mut found = findings.as_array().unwrap().iter();
    let finding = found.find(|finding| finding["what"] == what.as_str());
    finding.cloned().unwrap_or_default()
}

#[test]
fn a_platform_is_missing_only_when_it_is_asked_for() {
    let Some(scene) = Scene::new() else { return };
    let unasked = state(&scene, "kubernetes", 0);
    assert_eq!(unasked["state"], "absent", "{unasked}");
    assert_eq!(state(&scene, "east", 0), serde_json::Value::Null);
    scene.write(
        "config/certify.yaml",
        "platforms: [east]\nclusters:\n  east: {like: kubernetes, kubeconfig: none.kubeconfig}\n",
    );
    let asked = state(&scene, "east", 5);
    assert_eq!(asked["state"], "missing", "{asked}");
    let found = asked["found"].as_str().unwrap();
    assert!(found.contains("none.kubeconfig"), "{found}");
    let remedy = asked["remedy"].as_str().unwrap();
    assert!(remedy.contains("the platform's name"), "{remedy}");
    // With names in the file the default one is no longer needed, and no other is.
    assert_eq!(state(&scene, "kubernetes", 5)["state"], "absent");
}
