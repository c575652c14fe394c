//! The grammars of package, slice and file names, and the key that names one slice.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, ErrorClass};

/// The full name of a slice, written `package_slice`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceKey {
    package: Arc<str>,
    slice: Arc<str>,
}

impl SliceKey {
    /// The key of `slice` in `package`; both must already be valid names.
    pub(crate) fn new(package: &Arc<str>, slice: &str) -> Self {
        Self {
            package: Arc::clone(package),
            slice: slice.into(),
        }
    }

    /// The package the slice belongs to.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The name inside the package.
    pub fn slice(&self) -> &str {
        &self.slice
    }
}

impl fmt::Display for SliceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.package, self.slice)
    }
}

impl serde::Serialize for SliceKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for SliceKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for SliceKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('_') {
            Some((package, slice)) if is_package_name(package) && is_slice_name(slice) => {
                Ok(Self {
                    package: package.into(),
                    slice: slice.into(),
                })
            }
            _ => Err(Error::new(
                ErrorClass::Reference,
                format!("invalid slice reference: {text:?}"),
            )),
        }
    }
}

/// Whether `text` is a package name: at least two of `a-z 0-9 . +`, single dashes between.
pub(crate) fn is_package_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let next = |c: char| first(c) || c == '.' || c == '+';
    dashed_groups(text, first, next).is_some_and(|groups| groups >= 1)
}

/// Whether `text` is a slice name: at least three of `a-z 0-9`, a letter first, single dashes.
pub(crate) fn is_slice_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase();
    let next = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    dashed_groups(text, first, next).is_some_and(|groups| groups >= 2)
}

/// Matches a first character and then groups of an optional dash and one character; the number
/// of groups, or nothing if the text is not of that form.
fn dashed_groups(
    text: &str,
    first: impl Fn(char) -> bool,
    next: impl Fn(char) -> bool,
) -> Option<usize> {
    let mut chars = text.chars();
    chars.next().filter(|&c| first(c))?;
    let mut groups = 0;
    let mut after_dash = false;
    for c in chars {
        if c == '-' && !after_dash {
            after_dash = true;
        } else if next(c) {
            after_dash = false;
            groups += 1;
        } else {
            return None;
        }
    }
    (!after_dash).then_some(groups)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn package_names() {
        for name in ["ab", "0ad", "libstdc++6", "python3.13", "a-b", "g++-12"] {
            assert!(is_package_name(name), "{name}");
        }
        for name in ["", "a", "a-", "-a", "a--b", "Ab", "a_b", "a b", "+a"] {
            assert!(!is_package_name(name), "{name}");
        }
    }

    #[test]
    fn slice_names() {
        for name in ["bins", "abc", "a1b", "a-bc", "standard-lib", "a-b-c"] {
            assert!(is_slice_name(name), "{name}");
        }
        for name in ["", "ab", "a-b", "1abc", "Bins", "bins-", "a--bc", "bi.ns"] {
            assert!(!is_slice_name(name), "{name}");
        }
    }

    #[test]
    fn keys_read_back() {
        let key: SliceKey = "libc6_config".parse().unwrap();
        assert_eq!((key.package(), key.slice()), ("libc6", "config"));
        assert_eq!(key.to_string(), "libc6_config");
        for text in ["libc6", "libc6_", "_libs", "Libc6_libs", "libc6_libs_x"] {
            assert!(text.parse::<SliceKey>().is_err(), "{text}");
        }
    }
}
