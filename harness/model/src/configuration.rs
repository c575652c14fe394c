//! `certify.yaml`: what a run uses when the command line does not say otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ClusterSettings;

/// The user's own defaults. A key that is absent leaves the decision to what ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Images: a name from `images/`, shipped or yours, a spec file, or an existing image, files as
    /// seen from this file's folder. Absent: every shipped image and every one of yours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
    /// Platforms. Every one of them must answer: one that cannot be opened makes the run
    /// unavailable. Absent: the embedded runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<String>>,
    /// Clusters, by platform or by a name of one's own: which one it is, and what of it to use.
    /// Naming one here does not select it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// Suites. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suites: Option<Vec<String>>,
    /// A profile: a name, shipped or from `suites/profiles/`, or a file as seen from this file's
    /// folder. Absent: `smoke`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What every image is compared with instead of what its spec says: `none`, or an existing
    /// image, files as seen from this file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Where packages come from, each `URL` or `ARCHIVE=URL`; tried after `--mirror`, before
    /// `CERTIFY_MIRROR` and the host's own sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrors: Option<Vec<String>>,
    /// Registries, each `HOST` or `HOST:PORT`, that are spoken to without encryption. Loopback
    /// addresses are in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_http: Option<Vec<String>>,
}

impl Configuration {
    /// The file's name.
    pub const FILE: &'static str = "certify.yaml";

    /// Reads the YAML text of the file `name`; the error is a rendered excerpt.
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, String> {
        let read: Self = crate::yaml::read(name, text)?;
        for (key, list) in [
            ("images", &read.images),
            ("platforms", &read.platforms),
            ("suites", &read.suites),
            ("mirrors", &read.mirrors),
            ("plain_http", &read.plain_http),
        ] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!(
                    "in {name}: `{key}` is empty; name at least one, or leave the key out"
                ));
            }
        }
        Ok(read)
    }

    /// The published JSON Schema of a `certify.yaml`.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_and_documented() {
        let text = "images: [web]\nplatforms: [oci, oci-runc]\nsuites: [startup]\n\
                    clusters: {kind: {namespace: mine, node: worker, \
                    kubeconfig: kube.yaml, like: other, context: one, runtime_class: crun, registry: {pull: here/x, push: there/x}}}\n\
                    profile: standard\nbaseline: none\nmirrors: [\"debian=file:///mirror\"]\n\
                    plain_http: [\"reg.example:5000\"]\n";
        let read = Configuration::from_yaml("certify.yaml", text).unwrap();
        assert_eq!(
            read.platforms.as_deref(),
            Some(&["oci".to_owned(), "oci-runc".to_owned()][..])
        );
        let written = serde_json::to_value(&read).unwrap();
        let schema = Configuration::json_schema();
        for key in written.as_object().unwrap().keys() {
            assert!(
                schema["properties"][key]["description"].is_string(),
                "{key}"
            );
        }
        assert_eq!(schema["additionalProperties"], serde_json::json!(false));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = "# mine\nimages: [web]\nplatfroms: [oci]\n";
        let error = Configuration::from_yaml("certify.yaml", text).unwrap_err();
        assert!(error.contains("certify.yaml"), "{error}");
        assert!(error.contains("platfroms: [oci]"), "{error}");
    }

    #[test]
    fn an_empty_list_selects_nothing_and_is_refused() {
        let error = Configuration::from_yaml("certify.yaml", "images: []\n").unwrap_err();
        assert!(error.contains("`images` is empty"), "{error}");
    }

    #[test]
    fn a_file_of_comments_says_nothing() {
        let read = Configuration::from_yaml("certify.yaml", "# later\n").unwrap();
        assert_eq!(
            read,
            Configuration::from_yaml("certify.yaml", "{}").unwrap()
        );
    }
}
