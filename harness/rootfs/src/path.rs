//! Absolute, clean paths inside a tree.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path inside a tree: starts with `/`, has no empty, `.` or `..` part, no NUL and no trailing
/// slash; the root is `/`. At most 4095 bytes, 255 per part, as Linux allows.
///
/// Text, not bytes: names that are not UTF-8 are held by [`crate::escape`]. Ordered by bytes, so a
/// folder stands before what it holds. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Arc<str>);

/// A text that is no path of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path `{path}` {why}")]
pub struct BadPath {
    /// The text, shortened when very long.
    pub path: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Longest path in bytes (Linux `PATH_MAX` without the final NUL).
const LONGEST_PATH: usize = 4095;
/// Longest part in bytes (Linux `NAME_MAX`).
const LONGEST_PART: usize = 255;

impl TreePath {
    /// Checks that `text` is absolute and clean. One trailing slash is refused as well: callers
    /// that read `/dir/` notations strip it and remember that it meant a folder.
    pub fn new(text: impl AsRef<str>) -> Result<Self, BadPath> {
        let text = text.as_ref();
        check(text).map_err(|why| BadPath {
            path: text.chars().take(200).collect(),
            why,
        })?;
        Ok(Self(text.into()))
    }

    /// The same for a path in bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadPath> {
        Self::new(crate::escape(bytes))
    }

    /// The root, `/`.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Cleans a path as a tar member or a link writes it, relative to the root: empty and `.` parts
    /// vanish, `..` goes up and stays at the root. Second value: whether `..` would have left it.
    pub fn cleaned(text: &str) -> Result<(Self, bool), BadPath> {
        let mut parts: Vec<&str> = Vec::new();
        let mut escaped = false;
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => escaped |= parts.pop().is_none(),
                part => parts.push(part),
            }
        }
        Ok((Self::new(format!("/{}", parts.join("/")))?, escaped))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path's real bytes, for system calls and archives.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        crate::unescape(&self.0)
    }

    /// The path without its leading slash; empty for the root.
    pub fn relative(&self) -> &str {
        &self.0[1..]
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The folder that holds this path; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        match self.0.rfind('/') {
            Some(0) | None => Some(Self::root()),
            Some(at) => Some(Self(self.0[..at].into())),
        }
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The parts from the root down; none for the root.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Number of parts: 0 for the root.
    pub fn depth(&self) -> usize {
        self.parts().count()
    }

    /// This path and one more part.
    pub fn join(&self, part: &str) -> Result<Self, BadPath> {
        if self.is_root() {
            Self::new(format!("/{part}"))
        } else {
            Self::new(format!("{self}/{part}"))
        }
    }

    /// Whether this path lies strictly below `folder`.
    pub fn is_below(&self, folder: &Self) -> bool {
        folder.is_root() && !self.is_root()
            || self
                .0
                .strip_prefix(&*folder.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err("is not absolute");
    };
    // Escaped bytes take four bytes of text; the limit is about what a kernel would see.
    if text.len() > LONGEST_PATH && crate::unescape(text).len() > LONGEST_PATH {
        return Err("is longer than 4095 bytes");
    }
    if rest.is_empty() {
        return Ok(());
    }
    for part in rest.split('/') {
        match part {
            "" => return Err("has an empty part or a trailing slash"),
            "." | ".." => return Err("has a `.` or `..` part"),
            _ => {}
        }
        if part.contains('\0') {
            return Err("has a NUL byte");
        }
        if part.len() > LONGEST_PART && crate::unescape(part).len() > LONGEST_PART {
            return Err("has a part longer than 255 bytes");
        }
    }
    Ok(())
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for TreePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for TreePath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        Self::new(text)
    }
}

impl Serialize for TreePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TreePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_not_clean() {
        let long_part = format!("/{}", "a".repeat(256));
        let long_path = "/abcdefg".repeat(512);
        for bad in [
            "", "a", "//", "/a/", "/a//b", "/./a", "/a/..", "/a\0b", &long_part, &long_path,
        ] {
            assert!(TreePath::new(bad).is_err(), "{bad:?}");
        }
        for good in ["/", "/a", "/a/b c", "/…", "/a/...", &long_part[..256]] {
            assert_eq!(TreePath::new(good).unwrap().as_str(), good);
        }
        assert!(TreePath::from_bytes(&[b"/", &[0xff; 255][..]].concat()).is_ok());
        assert!(TreePath::from_bytes(&[b"/", &[0xff; 256][..]].concat()).is_err());
    }

    #[test]
    fn takes_paths_apart() {
        let path = TreePath::new("/usr/bin/x").unwrap();
        assert_eq!(path.parent().unwrap().as_str(), "/usr/bin");
        assert_eq!(path.name(), "x");
        assert_eq!(path.depth(), 3);
        assert!(path.is_below(&TreePath::new("/usr").unwrap()));
        assert!(!path.is_below(&TreePath::new("/us").unwrap()));
        assert!(!path.is_below(&path));
        let root = TreePath::root();
        assert_eq!((root.parent(), root.name(), root.depth()), (None, "", 0));
        assert!(path.is_below(&root) && !root.is_below(&root));
        assert_eq!(root.join("a").unwrap().as_str(), "/a");
        assert!(path.join("../y").is_err());
    }

    #[test]
    fn cleans_and_tells_of_escapes() {
        let table = [
            ("./usr/bin/", "/usr/bin", false),
            ("/a/../b", "/b", false),
            ("../../etc/passwd", "/etc/passwd", true),
            ("a/../../b", "/b", true),
            (".", "/", false),
        ];
        for (raw, clean, escaped) in table {
            let expected = (TreePath::new(clean).unwrap(), escaped);
            assert_eq!(TreePath::cleaned(raw).unwrap(), expected, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn cleaned_paths_are_clean(raw in "[./a\u{e9}]{0,40}") {
            let (path, _) = TreePath::cleaned(&raw).unwrap();
            prop_assert_eq!(TreePath::new(path.as_str()).unwrap(), path);
        }
    }
}
