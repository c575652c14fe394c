//! The recorded cases of the reference tool that are about words of its command line and about the
//! folder that is cut into: the program itself must end as it did.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Deserialize;

use crate::scene::{Ended, Scene, skipped};

/// Each case and what our words for it must hold: exit code 1 alone would be anything.
const CASES: [(&str, &str); 9] = [
    (
        "cli-release-bad-label",
        "invalid release reference: \"Foo\"",
    ),
    ("cli-release-dir-missing", "cannot read release definition"),
    ("cli-root-flag-missing", "--root"),
    ("cli-root-is-file", "target directory does not exist"),
    ("cli-root-missing-dir", "target directory does not exist"),
    ("cli-unknown-command", "unrecognized subcommand"),
    ("cli-unknown-flag", "--bogus"),
    ("info-no-args", "<PKG|SLICE>"),
    ("maint-ignore-unknown", "invalid value 'weather'"),
];

#[derive(Deserialize)]
struct Case {
    args: Vec<String>,
    #[serde(default)]
    root: Option<Root>,
}

#[derive(Deserialize)]
struct Root {
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    entries: Vec<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Expected {
    exit: i32,
}

fn corpus() -> Option<Utf8PathBuf> {
    let root = match std::env::var("CERTIFY_CORPUS") {
        Ok(path) => Utf8PathBuf::from(path),
        Err(_) => Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    let folder = root.join("chisel-golden");
    if folder.is_dir() {
        return Some(folder);
    }
    skipped("corpus", &format!("{folder} is absent, set CERTIFY_CORPUS"));
    None
}

fn yaml<T: serde::de::DeserializeOwned>(path: &Utf8PathBuf) -> T {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn words_of_the_command_line_end_as_recorded() {
    let (Some(corpus), Some(scene)) = (corpus(), Scene::new()) else {
        return;
    };
    for (name, said) in CASES {
        let case: Case = yaml(&corpus.join(name).join("case.yaml"));
        let expected: Expected = yaml(&corpus.join(name).join("expected.yaml"));
        let root = scene.path(&format!("roots/{name}"));
        let given = case.root.unwrap_or(Root {
            missing: false,
            entries: Vec::new(),
        });
        if !given.missing {
            std::fs::create_dir_all(&root).unwrap();
        }
        for entry in &given.entries {
            assert_eq!(entry["type"], "file", "{name}");
            std::fs::write(root.join(&entry["path"]), &entry["content"]).unwrap();
        }
        let release = corpus.join(name).join("release");
        let words: Vec<String> = case
            .args
            .iter()
            .map(|word| word.replace("{release}", release.as_str()))
            .map(|word| word.replace("{root}", root.as_str()))
            .collect();
        let mut call = scene.certify(&["slices"]);
        call.args(&words);
        let ended = Ended::of(call);
        ended.assert(expected.exit, &[said]);
        // Nothing was made or changed.
        assert_eq!(root.exists(), !given.missing, "{name}");
        let inside = root.read_dir_utf8().map_or(0, Iterator::count);
        assert_eq!(inside, given.entries.len(), "{name}");
    }
}
