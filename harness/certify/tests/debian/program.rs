//! A program's work, as a data file tells it: what is cut, what is put in beside, what is run, and
//! what that must say.

use std::collections::BTreeMap;

use camino::Utf8Path;
use chisel::SliceKey;
use model::Arch;
use rootfs::{Blob, Entry, Origin, Tree, TreePath};
use serde::Deserialize;

use crate::container::{Container, Place};
use crate::source::{Covered, NEWEST, RELEASES};

/// One file of `programs/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The file's name.
    #[serde(skip)]
    pub name: String,
    /// The work, in a few words.
    pub summary: String,
    /// The releases it is cut from.
    #[serde(default = "newest")]
    releases: Vec<String>,
    /// The slices of its root.
    slices: Vec<String>,
    /// Texts by path, put into every root; one that starts with `#!` can be executed.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Folders of the user's that all containers share; `/tmp` is always there, and nobody else's.
    #[serde(default)]
    writable: Vec<String>,
    /// Variables beside `PATH`.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// What is run first, one after the other, to its end.
    #[serde(default)]
    prepare: Vec<Vec<String>>,
    /// A server that runs meanwhile. `run` is then tried until it succeeds.
    #[serde(default)]
    serve: Vec<String>,
    /// The slices of the root that `run` happens in; default the program's own.
    #[serde(default)]
    client: Vec<String>,
    /// The work. `$ARCH` is the architecture, here and everywhere.
    run: Vec<String>,
    /// What it must say.
    pub expect: Vec<String>,
}

impl Program {
    /// All that are cut from `release`, by name.
    pub fn of(release: &Covered) -> Vec<Self> {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/debian/programs");
        let mut programs = Vec::new();
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.replace("$ARCH", Arch::host().unwrap().debian());
            let read: Result<Self, _> = serde_yaml::from_str(&text);
            let mut program = read.unwrap_or_else(|error| panic!("{path}: {error}"));
            program.name = path.file_stem().unwrap().to_owned();
            assert!(!program.expect.is_empty(), "{path} expects nothing");
            let known = |name: &String| RELEASES.iter().any(|one| one.name == name);
            assert!(
                program.releases.iter().all(known),
                "{path}: unknown release"
            );
            if program.releases.iter().any(|name| name == release.name) {
                programs.push(program);
            }
        }
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        programs
    }

    /// Every slice it names.
    pub fn slices(&self) -> Vec<SliceKey> {
        let all = self.slices.iter().chain(&self.client);
        all.map(|text| text.parse().unwrap()).collect()
    }

    /// Runs it out of `release`; `spoil` may change the tree first. Why it failed, with what was
    /// said.
    pub fn run(&self, release: &Covered, spoil: impl FnOnce(&mut Tree)) -> Result<(), String> {
        let place = Place::new(&self.writable);
        let mut tree = self.tree(release, &self.slices);
        spoil(&mut tree);
        let own = place.lay("own", &tree);
        let client = match self.client.is_empty() {
            true => own.clone(),
            false => place.lay("client", &self.tree(release, &self.client)),
        };
        let container =
            |root: &Utf8Path, run: &[String]| Container::new(&place, root, run, &self.environment);
        for step in &self.prepare {
            let ran = container(&own, step).run();
            if ran.status != 0 {
                return Err(format!("{step:?} ended with {}: {}", ran.status, ran.said));
            }
        }
        let said = if self.serve.is_empty() {
            let ran = container(&client, &self.run).run();
            if ran.status != 0 {
                return Err(format!("ended with {}: {}", ran.status, ran.said));
            }
            ran.said
        } else {
            container(&own, &self.serve)
                .serve(|network| container(&client, &self.run).joining(network).run())?
        };
        match self.expect.iter().find(|text| !said.contains(*text)) {
            Some(text) => Err(format!("did not say `{text}`: {said}")),
            None => Ok(()),
        }
    }

    fn tree(&self, release: &Covered, slices: &[String]) -> Tree {
        let keys: Vec<SliceKey> = slices.iter().map(|text| text.parse().unwrap()).collect();
        let mut tree = release.cut(&keys);
        for (path, text) in &self.files {
            let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
            let bytes = text.clone().into_bytes();
            let entry = Entry::file(Blob::new(bytes), mode, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        tree
    }
}

/// Where a file names no release.
fn newest() -> Vec<String> {
    vec![NEWEST.to_owned()]
}
