//! Finish steps: the image's own program, run once at build.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A program of the image, run once at build on an overlay of it, in both arms, without network, as
/// uid 0 inside and without capabilities, with a cleared environment. Its new paths form the last
/// layer, owner `generated`; a new path outside `produces` refuses the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishStep {
    /// A short name: `bytecode`.
    pub name: String,
    /// The argument vector; the first part is an absolute path in the image.
    pub run: Vec<String>,
    /// Globs (`*`, `?`, `**`) of every path the step may make.
    pub produces: Vec<String>,
    /// Whether the result is the same for every architecture, so that the native cut of the same
    /// source version may run it for another one.
    #[serde(default)]
    pub portable: bool,
    /// Longest time it may take.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
}

const fn default_deadline_ms() -> u64 {
    120_000
}

/// Reads the steps of a spec. A second step of the same name is refused while it is read, so that
/// the error shows its line: names stand for steps in listings, notes and errors.
pub(super) fn distinct<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FinishStep>, D::Error> {
    from.deserialize_seq(Steps)
}

/// All steps.
struct Steps;

impl<'de> Visitor<'de> for Steps {
    type Value = Vec<FinishStep>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of finish steps")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<Self::Value, A::Error> {
        let mut steps = Vec::new();
        while let Some(step) = found.next_element_seed(Next { before: &steps })? {
            steps.push(step);
        }
        Ok(steps)
    }
}

/// The step after those read before. It is refused from within, where its place is known.
struct Next<'s> {
    before: &'s [FinishStep],
}

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = FinishStep;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<FinishStep, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Next<'_> {
    type Value = FinishStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a finish step")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FinishStep, A::Error> {
        let step = FinishStep::deserialize(MapAccessDeserializer::new(map))?;
        if self.before.iter().any(|other| other.name == step.name) {
            let name = &step.name;
            return Err(A::Error::custom(format!(
                "two finish steps are named `{name}`"
            )));
        }
        Ok(step)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::ImageSpec;

    fn spec(second: &str) -> String {
        format!(
            "summary: x\nslices: {{tiny: [a_b]}}\nconfig: {{entrypoint: [/a]}}\n\
             readiness: {{exit: {{code: 0}}}}\nresources: {{memory_mib: 8, pids: 8}}\n\
             baseline: none\nfinish:\n\
             \x20 - {{name: bytecode, run: [/a], produces: [/x]}}\n\
             \x20 - {second}\n"
        )
    }

    /// The error's text for this second step.
    fn refused(second: &str) -> String {
        let error = ImageSpec::from_yaml("web.yaml", &spec(second)).unwrap_err();
        error.to_string()
    }

    #[test]
    fn two_steps_of_one_name_are_refused_where_the_second_stands() {
        let other = spec("{name: index, run: [/b], produces: [/y]}");
        assert_eq!(ImageSpec::from_yaml("", &other).unwrap().finish.len(), 2);
        let shown = refused("{name: bytecode, run: [/b], produces: [/y]}");
        assert!(
            shown.contains("line 9 column") && shown.contains("named `bytecode`"),
            "{shown}"
        );
    }

    #[test]
    fn an_unknown_key_and_a_bad_value_are_shown_where_they_stand() {
        for (second, wanted) in [
            ("{name: index, runs: [/b], produces: [/y]}", "runs"),
            ("{name: index, run: /b, produces: [/y]}", "sequence"),
            ("bytecode", "mapping"),
            ("{name: index, run: [/b]}", "produces"),
        ] {
            let shown = refused(second);
            assert!(
                shown.contains("line 9 column") && shown.contains(wanted),
                "{second}: {shown}"
            );
        }
    }
}
