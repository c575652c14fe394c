//! The image spec itself, and how it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Baseline, FinishStep, ForRelease, Inside, LayerFormat, Readiness, Resources, RuntimeConfig,
    SmokeRequest, UserFile, WritablePath,
};
use crate::{CheckId, Digest};

/// One image: its content, how it runs, what shows that it works, and what it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// One line for people: `Python 3.13 serving HTTP`.
    pub summary: String,
    /// Slices to cut, per release: `{debian-13: [libc6_libs, ...]}`. Empty when `from` is given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slices: BTreeMap<String, Vec<String>>,
    /// An existing image instead of slices: a path of an OCI layout, an archive
    /// (`docker-archive:PATH`), a registry's (`docker://NAME`) or a daemon's
    /// (`docker-daemon:NAME`). With an empty `config.entrypoint` it runs as its own configuration
    /// says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How layers are packed; the same in both arms.
    #[serde(default = "LayerFormat::standard")]
    pub layer: LayerFormat,
    /// The user's own files, put over the cut in both arms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<UserFile>,
    /// Records of what it is made of that go into the image itself; all of them lie beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Inside>,
    /// What the image configuration says: entrypoint, user, environment, ports.
    pub config: RuntimeConfig,
    /// What says that the application is ready.
    pub readiness: Readiness,
    /// Requests that show the application doing its work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<SmokeRequest>,
    /// The only paths that may be written at run time; each a mount of the harness.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<WritablePath>,
    /// Limits a container of this image runs under, in both arms.
    pub resources: Resources,
    /// Language runtimes that this image is meant to carry: `python`, `node`, `java`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interpreters: Vec<String>,
    /// Checks that the image fails by what it is, each with the reason. This changes no outcome: the
    /// check fails, and the reason stands beside the failure in reports and certificates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub falls_short: BTreeMap<CheckId, String>,
    /// Programs of the image run once at build, in both arms.
    #[serde(
        default,
        deserialize_with = "super::finish::distinct",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<FinishStep>")]
    pub finish: Vec<FinishStep>,
    /// What differs where it is cut from one of the releases that `slices` names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_release: BTreeMap<String, ForRelease>,
    /// What the image is compared with.
    pub baseline: Baseline,
    /// Present in a negative control: the checks it must fail by, and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// What makes a spec a negative control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The checks that must fail; a failure of any other voids the run as well.
    pub fails: Vec<CheckId>,
    /// Checks that the same flaw fails on some platforms and not on others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_fail: Vec<CheckId>,
    /// What is wrong with the image, in a few words.
    pub flaw: String,
}

/// A spec that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The text is no valid spec; carries the rendered source excerpt.
    #[error("{0}")]
    Syntax(String),
    /// The text reads well and still makes no sense.
    #[error("{field}: {why}")]
    Meaning {
        /// The key concerned, dotted.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl ImageSpec {
    /// Reads a spec from the YAML text of the file named `name` (used in the excerpt only).
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = crate::yaml::read(name, text).map_err(SpecError::Syntax)?;
        spec.check()?;
        for release in spec.per_release.keys() {
            if !spec.slices.contains_key(release) {
                let why = format!("`slices` names nothing for `{release}`");
                return Err(SpecError::Meaning {
                    field: "per_release",
                    why,
                });
            }
            spec.for_release(release).check()?;
        }
        Ok(spec)
    }

    /// The published JSON Schema of a spec file.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The digest of the spec's meaning: of its canonical JSON, so comments do not count.
    pub fn digest(&self) -> Digest {
        crate::canonical::digest(self)
    }

    pub(super) fn check(&self) -> Result<(), SpecError> {
        let refuse = |field, why: String| Err(SpecError::Meaning { field, why });
        match (&self.from, self.slices.is_empty()) {
            (None, true) => return refuse("slices", "neither `slices` nor `from` is given".into()),
            (Some(_), false) => return refuse("from", "both `slices` and `from` are given".into()),
            _ => {}
        }
        if self.from.is_some() && !self.metadata.is_empty() {
            return refuse("metadata", "an existing image is not changed".into());
        }
        if self.readiness == Readiness::Exposed && self.from.is_none() {
            return refuse(
                "readiness",
                "`exposed` is for existing images (`from`)".into(),
            );
        }
        if self.config.entrypoint.is_empty() && self.from.is_none() {
            return refuse("config.entrypoint", "is empty".into());
        }
        for path in self
            .writable
            .iter()
            .map(|w| &w.path)
            .chain(self.files.iter().map(|f| &f.path))
        {
            if !is_clean(path) {
                return refuse("path", format!("`{path}` is not an absolute, clean path"));
            }
        }
        let writable = |path: &str| {
            self.writable
                .iter()
                .any(|w| path == w.path || path.starts_with(&format!("{}/", w.path)))
        };
        if let Some(file) = self.files.iter().find(|file| writable(&file.path)) {
            return refuse(
                "files",
                format!("`{}` lies under a writable path", file.path),
            );
        }
        if let Some((id, _)) = self
            .falls_short
            .iter()
            .find(|(_, why)| why.trim().is_empty())
        {
            return refuse("falls_short", format!("`{id}` has no reason"));
        }
        if self
            .control
            .as_ref()
            .is_some_and(|control| control.fails.is_empty())
        {
            return refuse("control.fails", "names no check".into());
        }
        Ok(())
    }
}

/// Absolute, no empty, `.` or `..` part, no trailing slash.
fn is_clean(path: &str) -> bool {
    path.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}
