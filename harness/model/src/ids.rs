//! Names that are stable once published: each its own type, each checked once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is not a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: `{text}` ({rule})")]
pub struct BadId {
    kind: &'static str,
    text: String,
    rule: &'static str,
}

/// A lower-case slug: `[a-z0-9]` at the start, then `[a-z0-9._-]`, at most 100 bytes.
fn is_slug(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

/// Family in capitals, a dash, a number: `IMM-004`; or a dotted path: `startup.warm.app-ready`.
fn is_check(text: &str) -> bool {
    let numbered = text.split_once('-').is_some_and(|(family, number)| {
        !family.is_empty()
            && family.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 3
            && number.bytes().all(|b| b.is_ascii_digit())
    });
    numbered || (is_slug(text) && text.contains('.'))
}

fn is_run(text: &str) -> bool {
    is_slug(&text.to_ascii_lowercase()) && !text.contains('/')
}

fn is_cell(text: &str) -> bool {
    text.split('/').count() == 4 && text.split('/').all(is_slug)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $valid:path, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` against the rule of this kind of id.
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                if $valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(BadId { kind: $kind, text, rule: $rule })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "description": $rule})
            }
        }
    };
}

id!(
    /// The name of an image: the stem of its spec's file.
    ImageName, "image name", is_slug, "lower-case letters, digits, `.`, `_`, `-`"
);
id!(
    /// The name of a platform in the registry `PLATFORMS`.
    PlatformName, "platform name", is_slug, "lower-case letters, digits, `.`, `_`, `-`"
);
id!(
    /// The name of a suite in the registry `SUITES`.
    SuiteName, "suite name", is_slug, "lower-case letters, digits, `.`, `_`, `-`"
);
id!(
    /// The id of a check or criterion, never reused once published.
    CheckId, "check id", is_check, "`IMM-004`, or a dotted path such as `startup.warm.app-ready`"
);
id!(
    /// The id of one run: its start in UTC and a random tail, so ids sort by time.
    RunId, "run id", is_run, "letters, digits, `-`"
);
id!(
    /// A cell: `image/platform/arch/suite`.
    CellId, "cell id", is_cell, "`image/platform/arch/suite`, each a slug"
);

impl CellId {
    /// The cell of one image on one platform and architecture under one suite.
    pub fn of(
        image: &ImageName,
        platform: &PlatformName,
        arch: crate::Arch,
        suite: &SuiteName,
    ) -> Self {
        Self(format!("{image}/{platform}/{arch}/{suite}"))
    }
}

impl CheckId {
    /// The id of a check declared in code; the registries' tests walk all of them.
    pub(crate) fn declared(text: &'static str) -> Self {
        debug_assert!(is_check(text), "{text}");
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_have_two_shapes() {
        for good in ["IMM-004", "startup.warm.app-ready", "density.memory"] {
            assert!(CheckId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "IMM-4", "imm-004", "Startup.warm", "IMM004", "a b.c"] {
            assert!(CheckId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cell_has_four_parts() {
        assert!(CellId::new("python/oci/amd64/startup").is_ok());
        for bad in [
            "python/oci/amd64",
            "a/b/c/d/e",
            "a//b/c",
            "../oci/amd64/startup",
        ] {
            assert!(CellId::new(bad).is_err(), "{bad}");
        }
    }
}
