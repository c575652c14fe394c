//! The files of one recorded case.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) folder: Utf8PathBuf,
    pub(crate) run: Run,
    pub(crate) world: World,
    /// What the reference tool did; the most frequent outcome first.
    pub(crate) outcomes: Vec<Outcome>,
}

/// `case.yaml`.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) feature: String,
    pub(crate) args: Vec<String>,
    pub(crate) arch: Option<String>,
    #[serde(default)]
    pub(crate) root: Option<Root>,
}

/// What the folder holds that is cut into.
#[derive(Debug, Deserialize)]
pub(crate) struct Root {
    #[serde(default)]
    pub(crate) entries: Vec<Existing>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Existing {
    pub(crate) path: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) link: Option<String>,
    #[serde(default)]
    pub(crate) content: Option<String>,
}

/// `packages.yaml`.
#[derive(Debug, Deserialize)]
pub(crate) struct World {
    pub(crate) keys: Vec<Key>,
    pub(crate) archives: Vec<Site>,
    #[serde(default)]
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) kind: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Site {
    pub(crate) site: String,
    /// Paths that are answered with a status instead of a file.
    #[serde(default)]
    pub(crate) http_status: BTreeMap<String, u16>,
    #[serde(default)]
    pub(crate) suites: Vec<Suite>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Suite {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: Option<String>,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) architectures: Vec<String>,
    #[serde(default)]
    pub(crate) index_kinds: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) listed_components: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) release_fields: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(crate) signed_by: Vec<String>,
    #[serde(default)]
    pub(crate) fault: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) id: Option<String>,
    pub(crate) version: String,
    pub(crate) arch: String,
    #[serde(default)]
    pub(crate) publish: Option<Vec<Publish>>,
    #[serde(default)]
    pub(crate) control: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) omit_fields: Vec<String>,
    #[serde(default)]
    pub(crate) compression: Option<String>,
    #[serde(default)]
    pub(crate) tar_format: Option<String>,
    #[serde(default)]
    pub(crate) member_order: Option<Vec<usize>>,
    #[serde(default)]
    pub(crate) ar_slash: bool,
    #[serde(default)]
    pub(crate) extra_member: Option<String>,
    #[serde(default)]
    pub(crate) fault: Option<String>,
    pub(crate) data: Vec<Data>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Publish {
    #[serde(default)]
    pub(crate) site: Option<String>,
    #[serde(default)]
    pub(crate) suite: Option<String>,
    #[serde(default)]
    pub(crate) component: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Data {
    #[serde(default)]
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) path_base64: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) link: Option<String>,
    #[serde(default)]
    pub(crate) link_base64: Option<String>,
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) content_base64: Option<String>,
    #[serde(default)]
    pub(crate) repeat: Option<usize>,
    #[serde(default)]
    pub(crate) pax: BTreeMap<String, String>,
}

/// The other outcomes in `expected.yaml`.
#[derive(Debug, Deserialize)]
struct Others {
    #[serde(default)]
    other_outcomes: Vec<Outcome>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) stdout: Option<String>,
    #[serde(default)]
    pub(crate) tree: Vec<TreeLine>,
    #[serde(default)]
    pub(crate) manifests: Vec<Wall>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct TreeLine {
    #[serde(default)]
    pub(crate) path: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) link: Option<String>,
    #[serde(default)]
    pub(crate) size: Option<u64>,
    #[serde(default)]
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) hardlink: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Wall {
    pub(crate) path: String,
    pub(crate) lines: Vec<String>,
}

impl Case {
    /// Reads the case in `folder`.
    pub(crate) fn read(folder: &Utf8Path) -> Self {
        let mut outcomes = vec![yaml::<Outcome>(folder, "expected.yaml")];
        outcomes.extend(yaml::<Others>(folder, "expected.yaml").other_outcomes);
        Self {
            run: yaml(folder, "case.yaml"),
            world: yaml(folder, "packages.yaml"),
            outcomes,
            folder: folder.to_owned(),
        }
    }

    /// The words of the command line that are slices.
    pub(crate) fn slices(&self) -> Vec<String> {
        let mut words = self.run.args.iter().skip(1);
        let mut slices = Vec::new();
        while let Some(word) = words.next() {
            if ["--release", "--root", "--arch", "--ignore"].contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with("--") {
                slices.push(word.clone());
            }
        }
        slices
    }
}

fn yaml<T: serde::de::DeserializeOwned>(folder: &Utf8Path, name: &str) -> T {
    let text = fs_err::read_to_string(folder.join(name)).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{folder}/{name}: {error}"))
}
