//! A spec that says only how it differs from another one.
//!
//! A control is another image with one flaw. Written as a difference, it cannot drift away from
//! the image it is a control for, and its baseline is that image by construction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Baseline, Control, ImageSpec, Inside, Resources, SpecError, UserFile, UserId};

/// A spec file with the key `like`: another spec's text with some things changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// One line for people.
    pub summary: String,
    /// The spec it is like: `valkey`. That spec stands for itself; it is no variation.
    pub like: String,
    /// What it has in addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Addition>,
    /// What it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Change>,
    /// Names of finish steps that it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_finish: Vec<String>,
    /// What it is compared with; the candidate of the spec it is like, unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Present in a negative control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// Content that a variation has in addition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// Further slices, per release.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slices: BTreeMap<String, Vec<String>>,
    /// Further user files; one of the same path is replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<UserFile>,
    /// Further records inside the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Inside>,
}

/// What a variation says otherwise about how it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Numeric `UID` or `UID:GID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The argument vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Environment variables, over those that are there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// Reads only whether a spec file is a variation, whatever else stands in it.
#[derive(Deserialize)]
struct Peek {
    like: Option<String>,
}

impl Variation {
    /// Whether the YAML text has the key `like`. A text that cannot be read is none: its reader
    /// then says why.
    pub fn is_one(text: &str) -> bool {
        serde_yaml::from_str::<Peek>(text).is_ok_and(|peek| peek.like.is_some())
    }

    /// Reads a variation from the YAML text of the file named `name` (used in the excerpt only).
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, SpecError> {
        crate::yaml::read(name, text).map_err(SpecError::Syntax)
    }

    /// The published JSON Schema of a variation file.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The whole spec: `base` with the changes. Refused when a change would change nothing.
    pub fn of(self, base: &ImageSpec) -> Result<ImageSpec, SpecError> {
        let mut spec = base.clone();
        spec.summary = self.summary;
        spec.baseline = self.baseline.unwrap_or(Baseline::Spec(self.like));
        spec.control = self.control;
        if let Some(add) = self.add {
            for (release, slices) in add.slices {
                spec.slices.entry(release).or_default().extend(slices);
            }
            for record in add.metadata {
                if !spec.metadata.contains(&record) {
                    spec.metadata.push(record);
                }
            }
            for file in add.files {
                spec.files.retain(|other| other.path != file.path);
                spec.files.push(file);
            }
        }
        if let Some(set) = self.set {
            spec.config.user = set.user.unwrap_or(spec.config.user);
            if let Some(entrypoint) = set.entrypoint {
                spec.config.entrypoint = entrypoint;
            }
            spec.config.env.extend(set.env);
            spec.resources = set.resources.unwrap_or(spec.resources);
        }
        for name in &self.without_finish {
            let before = spec.finish.len();
            spec.finish.retain(|step| step.name != *name);
            if spec.finish.len() == before {
                return Err(SpecError::Meaning {
                    field: "without_finish",
                    why: format!("the spec it is like has no finish step `{name}`"),
                });
            }
        }
        let same = ImageSpec {
            summary: base.summary.clone(),
            baseline: base.baseline.clone(),
            control: base.control.clone(),
            ..spec.clone()
        };
        if same == *base {
            return Err(SpecError::Meaning {
                field: "like",
                why: "nothing differs from the spec it is like".to_owned(),
            });
        }
        spec.check()?;
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "summary: a server\nslices: {debian-13: [a_b]}\n\
        files:\n  - {path: /etc/s.conf, source: {text: good}}\n\
        config: {entrypoint: [/usr/bin/s], env: {A: '1'}}\nreadiness: {tcp: {port: 80}}\n\
        resources: {memory_mib: 16, pids: 4}\n\
        finish:\n  - {name: compile, run: [/usr/bin/c], produces: [/x]}\n\
        baseline: {install: {debian-13: [s]}}\n";

    fn base() -> ImageSpec {
        ImageSpec::from_yaml("base.yaml", BASE).unwrap()
    }

    fn vary(text: &str) -> Result<ImageSpec, SpecError> {
        Variation::from_yaml("v.yaml", text)?.of(&base())
    }

    #[test]
    fn it_differs_in_what_it_says_and_in_nothing_else() {
        let spec = vary(
            "summary: bad\nlike: base\nadd:\n  slices: {debian-13: [c_d]}\n  files:\n    \
             - {path: /etc/s.conf, source: {text: bad}}\nset: {user: '0', env: {B: '2'}}\n\
             without_finish: [compile]\n",
        )
        .unwrap();
        assert_eq!(spec.slices["debian-13"], ["a_b", "c_d"]);
        assert_eq!(spec.files.len(), 1);
        assert_eq!(spec.files[0].source, crate::FileSource::Text("bad".into()));
        assert_eq!(spec.config.user.uid, 0);
        assert_eq!(spec.config.env.len(), 2);
        assert!(spec.finish.is_empty());
        assert_eq!(spec.baseline, Baseline::Spec("base".to_owned()));
        assert_eq!(spec.config.entrypoint, base().config.entrypoint);
        assert_eq!(spec.readiness, base().readiness);
    }

    #[test]
    fn a_variation_that_changes_nothing_is_refused() {
        let said = vary("summary: same\nlike: base\n").unwrap_err().to_string();
        assert!(said.contains("nothing differs"), "{said}");
        let said = vary("summary: s\nlike: base\nwithout_finish: [link]\n");
        assert!(said.unwrap_err().to_string().contains("`link`"));
    }

    #[test]
    fn only_the_key_like_makes_a_variation() {
        assert!(Variation::is_one("summary: x\nlike: base\nnonsense: 1\n"));
        assert!(!Variation::is_one(BASE));
        assert!(!Variation::is_one("like: [unclosed"));
        let said = vary("summary: s\nlike: base\nslcies: 1\n").unwrap_err();
        assert!(said.to_string().contains("slcies"), "{said}");
    }
}
