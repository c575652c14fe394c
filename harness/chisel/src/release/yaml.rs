//! Reading the YAML of a release: typed, leading-zero modes octal, unknown keys collected.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// A key that the reader does not know, with its place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnknownKey {
    /// The file inside the release.
    pub file: String,
    /// The keys from the document's root, joined by dots.
    pub key: String,
    /// Line and column, both from 1; zero when the place is not known.
    pub line: u64,
    /// See `line`.
    pub column: u64,
    /// The source line itself.
    pub excerpt: String,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            key,
            line,
            column,
            excerpt,
        } = self;
        write!(
            f,
            "{file}:{line}:{column}: unknown key {key}: {}",
            excerpt.trim()
        )
    }
}

/// Reads one document from `text` of the release file `file`: the value and the keys in it that
/// `T` has no field for. The error text holds the source excerpt.
pub(crate) fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
) -> Result<(T, Vec<UnknownKey>), serde_yaml::Error> {
    let options = || serde_yaml::options! { legacy_octal_numbers: true };
    let mut unknown = Vec::new();
    let value = serde_yaml::with_deserializer_from_str_with_options(text, options(), |yaml| {
        serde_ignored::deserialize(yaml, |path| unknown.push(components(&path)))
    })?;
    let unknown = unknown
        .into_iter()
        .map(|path| {
            let mut place = None;
            // A failure here only costs the place: the document was read once already.
            let _ = serde_yaml::with_deserializer_from_str_with_options(text, options(), |yaml| {
                Locate {
                    path: &path,
                    place: &mut place,
                }
                .deserialize(yaml)
            });
            let (line, column) = place.unwrap_or((0, 0));
            let excerpt = usize::try_from(line)
                .ok()
                .and_then(|line| text.lines().nth(line.checked_sub(1)?))
                .unwrap_or_default();
            UnknownKey {
                file: file.to_owned(),
                key: path.join("."),
                line,
                column,
                excerpt: excerpt.to_owned(),
            }
        })
        .collect();
    Ok((value, unknown))
}

/// The map keys on the way to `path`.
fn components(path: &serde_ignored::Path<'_>) -> Vec<String> {
    use serde_ignored::Path;
    match path {
        Path::Root => Vec::new(),
        Path::Map { parent, key } => {
            let mut keys = components(parent);
            keys.push(key.clone());
            keys
        }
        Path::Seq { parent, .. }
        | Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => components(parent),
    }
}

/// Walks a document along `path` and notes the place of its last key.
struct Locate<'p> {
    path: &'p [String],
    place: &'p mut Option<(u64, u64)>,
}

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            return IgnoredAny::deserialize(deserializer).map(drop);
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map on the way to an unknown key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<serde_yaml::Spanned<String>>()? {
            if key.value != self.path[0] {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if self.path.len() == 1 {
                *self.place = Some((key.referenced.line(), key.referenced.column()));
            }
            map.next_value_seed(Locate {
                path: &self.path[1..],
                place: &mut *self.place,
            })?;
        }
        Ok(())
    }
}
