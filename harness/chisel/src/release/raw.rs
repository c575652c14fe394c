//! The documents of a release as they are written: no rule is checked here beyond their types.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// `chisel.yaml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawRelease {
    #[serde(default)]
    pub(super) format: Option<String>,
    #[serde(default)]
    pub(super) archives: Option<BTreeMap<String, RawArchive>>,
    #[serde(default)]
    pub(super) v2_archives: Option<BTreeMap<String, RawArchive>>,
    #[serde(default)]
    pub(super) public_keys: Option<BTreeMap<String, RawKey>>,
    #[serde(default)]
    pub(super) maintenance: Option<RawMaintenance>,
}

/// One archive; the second half are our extension keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawArchive {
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) suites: Option<Vec<String>>,
    #[serde(default)]
    pub(super) components: Option<Vec<String>>,
    #[serde(default)]
    pub(super) public_keys: Option<Vec<String>>,
    #[serde(default)]
    pub(super) priority: Option<i64>,
    #[serde(default)]
    pub(super) default: Option<bool>,
    #[serde(default)]
    pub(super) pro: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) origin: Option<String>,
    #[serde(default)]
    pub(super) component_prefix: Option<String>,
    #[serde(default)]
    pub(super) group: Option<String>,
}

/// One public key: inline armor, or (ours) a file below `keys/`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawKey {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) armor: Option<String>,
    #[serde(default)]
    pub(super) path: Option<String>,
}

/// The maintenance dates.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawMaintenance {
    #[serde(default)]
    pub(super) standard: Option<String>,
    #[serde(default)]
    pub(super) expanded: Option<String>,
    #[serde(default)]
    pub(super) legacy: Option<String>,
    #[serde(default)]
    pub(super) end_of_life: Option<String>,
}

/// One slice definition file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawPackage {
    #[serde(default)]
    pub(super) package: Option<String>,
    #[serde(default)]
    pub(super) archive: Option<String>,
    #[serde(default)]
    pub(super) essential: Option<RawEssentials>,
    #[serde(default)]
    pub(super) v3_essential: Option<BTreeMap<String, Option<RawEssential>>>,
    #[serde(default)]
    pub(super) slices: Option<BTreeMap<String, Option<RawSlice>>>,
}

/// One slice.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawSlice {
    #[serde(default)]
    pub(super) hint: Option<String>,
    #[serde(default)]
    pub(super) essential: Option<RawEssentials>,
    #[serde(default)]
    pub(super) v3_essential: Option<BTreeMap<String, Option<RawEssential>>>,
    #[serde(default)]
    pub(super) contents: Option<BTreeMap<String, Option<RawPath>>>,
    #[serde(default)]
    pub(super) mutate: Option<String>,
    /// Ours: why the slice takes more than half of its package's files.
    #[serde(default)]
    pub(super) whole: Option<String>,
}

/// The options of one essential in the map style.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RawEssential {
    #[serde(default)]
    pub(super) arch: Option<OneOrMany>,
}

/// The options of one content path.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RawPath {
    #[serde(default)]
    pub(super) copy: Option<String>,
    #[serde(default)]
    pub(super) make: Option<bool>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) symlink: Option<String>,
    #[serde(default)]
    pub(super) mode: Option<Mode>,
    #[serde(default)]
    pub(super) mutable: Option<bool>,
    #[serde(default)]
    pub(super) until: Option<String>,
    #[serde(default)]
    pub(super) arch: Option<OneOrMany>,
    #[serde(default)]
    pub(super) generate: Option<String>,
    #[serde(default)]
    pub(super) prefer: Option<String>,
    /// Ours: a link that packages have paths below.
    #[serde(default)]
    pub(super) first: Option<bool>,
}

/// A mode: a number, never a quoted text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode(pub(super) u64);

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Mode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mode as a number, octal with a leading zero")
            }

            fn visit_u64<E: serde::de::Error>(self, mode: u64) -> Result<Mode, E> {
                Ok(Mode(mode))
            }

            fn visit_i64<E: serde::de::Error>(self, mode: i64) -> Result<Mode, E> {
                let negative = || E::invalid_value(serde::de::Unexpected::Signed(mode), &self);
                u64::try_from(mode).map(Mode).map_err(|_| negative())
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// `essential`: a list of names (formats v1, v2) or a map with options (v3).
#[derive(Debug)]
pub(super) enum RawEssentials {
    List(Vec<String>),
    Map(BTreeMap<String, Option<RawEssential>>),
}

impl<'de> Deserialize<'de> for RawEssentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Essentials;
        impl<'de> Visitor<'de> for Essentials {
            type Value = RawEssentials;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or a map of slices")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawEssentials, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(RawEssentials::List(names))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawEssentials, A::Error> {
                let mut essentials = BTreeMap::new();
                while let Some((name, options)) = map.next_entry()? {
                    essentials.insert(name, options);
                }
                Ok(RawEssentials::Map(essentials))
            }
        }
        deserializer.deserialize_any(Essentials)
    }
}

/// One text or a list of texts.
#[derive(Debug)]
pub(super) struct OneOrMany(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}
