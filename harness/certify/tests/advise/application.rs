//! One application: how it is made, how it is started, what it says when it has done its work.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Deserialize;

/// A file below `applications`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Application {
    /// The file's name without ending.
    #[serde(skip)]
    pub(crate) name: String,
    /// `c++`, `python`, `java`, or `package`: a package of the archive is the application.
    pub(crate) language: String,
    /// Programs of the host that make it. Where one is absent the application is skipped.
    #[serde(default)]
    pub(crate) tools: Vec<String>,
    /// Its sources: path, text.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Commands that make it, in its folder.
    #[serde(default)]
    pub(crate) build: Vec<Vec<String>>,
    /// Sources that are no part of it once it is made.
    #[serde(default)]
    pub(crate) remove: Vec<String>,
    /// What advice is asked for: a path below its folder, or the package.
    pub(crate) advise: String,
    /// How it is started in a root where its folder is `/app`; `*` is a name in the root.
    pub(crate) run: Vec<String>,
    /// What it must say.
    pub(crate) says: Vec<String>,
}

impl Application {
    /// Every application, by name.
    pub(crate) fn all() -> Vec<Self> {
        let folder =
            Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/advise/applications");
        let mut found: Vec<Self> = folder
            .read_dir_utf8()
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().into_path();
                let text = fs_err::read_to_string(&path).unwrap();
                let mut one: Self =
                    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
                path.file_stem().unwrap().clone_into(&mut one.name);
                one
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}
