//! What a spec says otherwise for one of the releases that it can be cut from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FinishStep, ImageSpec, SmokeRequest};

/// Differences between releases: another version of the same software has other paths. A key that
/// is there replaces what the spec says; `env` is laid over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForRelease {
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The argument vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Environment variables, over those that are there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Requests that show the application doing its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Vec<SmokeRequest>>,
    /// Finish steps, in place of those of the same name.
    #[serde(
        default,
        deserialize_with = "super::finish::distinct",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<FinishStep>")]
    pub finish: Vec<FinishStep>,
}

impl ImageSpec {
    /// The spec as it is cut from `release`, one of those it names: nothing in it speaks of others.
    #[must_use]
    pub fn for_release(&self, release: &str) -> Self {
        let mut spec = self.clone();
        spec.slices.retain(|name, _| name == release);
        let Some(differs) = std::mem::take(&mut spec.per_release).remove(release) else {
            return spec;
        };
        spec.summary = differs.summary.unwrap_or(spec.summary);
        if let Some(entrypoint) = differs.entrypoint {
            spec.config.entrypoint = entrypoint;
        }
        spec.config.env.extend(differs.env);
        spec.smoke = differs.smoke.unwrap_or(spec.smoke);
        for step in differs.finish {
            match spec.finish.iter_mut().find(|old| old.name == step.name) {
                Some(old) => *old = step,
                None => spec.finish.push(step),
            }
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "summary: a server\nslices: {debian-13: [a_b], ubuntu-24.04: [c_d]}\n\
        config: {entrypoint: [/usr/bin/s2], env: {A: '1'}}\nreadiness: {tcp: {port: 80}}\n\
        resources: {memory_mib: 16, pids: 4}\n\
        finish:\n  - {name: compile, run: [/usr/bin/c2], produces: [/x]}\n\
        baseline: {install: {debian-13: [s], ubuntu-24.04: [s]}}\n";

    fn spec(on: &str) -> Result<ImageSpec, super::super::SpecError> {
        ImageSpec::from_yaml("s.yaml", &format!("{SPEC}{on}"))
    }

    #[test]
    fn what_differs_on_a_release_is_said_there() {
        let spec = spec(
            "per_release:\n  ubuntu-24.04:\n    summary: an old one\n    entrypoint: [/usr/bin/s1]\n    \
             env: {B: '2'}\n    finish:\n      - {name: compile, run: [/usr/bin/c1], produces: [/x]}\n",
        )
        .unwrap();
        let old = spec.for_release("ubuntu-24.04");
        assert_eq!(old.slices.len(), 1);
        assert_eq!(old.summary, "an old one");
        assert_eq!(old.config.entrypoint, ["/usr/bin/s1"]);
        assert_eq!(old.config.env.len(), 2);
        assert_eq!(
            (old.finish.len(), &*old.finish[0].run[0]),
            (1, "/usr/bin/c1")
        );
        let new = spec.for_release("debian-13");
        assert_eq!(new.config.entrypoint, ["/usr/bin/s2"]);
        assert!(new.per_release.is_empty() && old.per_release.is_empty());
        assert_eq!(new.digest(), new.for_release("debian-13").digest());
        assert_ne!(new.digest(), old.digest());
    }

    #[test]
    fn a_release_without_slices_has_no_differences() {
        let said = spec("per_release: {ubuntu-22.04: {summary: x}}\n").unwrap_err();
        assert!(said.to_string().contains("ubuntu-22.04"), "{said}");
        let said = spec("per_release: {ubuntu-24.04: {entrypoint: []}}\n").unwrap_err();
        assert!(said.to_string().contains("entrypoint"), "{said}");
    }
}
