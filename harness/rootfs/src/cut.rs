//! The room type of the cut: a tree and what it was cut from.

use std::io::{BufRead, Write};

use model::{Arch, Digest};
use serde::{Deserialize, Serialize};

use crate::listing::next_line;
use crate::{ListingError, Tree};

/// One architecture's root file system, every path with owner, mode and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutRootfs {
    /// Architecture.
    pub arch: Arch,
    /// The tree.
    pub tree: Tree,
    /// The packages that gave content, sorted by name.
    pub packages: Vec<CutPackage>,
    /// The slices cut, sorted; empty for whole packages.
    pub slices: Vec<String>,
    /// What was generated, left out or is worth knowing, for people.
    pub notes: Vec<String>,
}

/// A package that gave content to a cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutPackage {
    /// Binary package name.
    pub name: String,
    /// Binary version.
    pub version: String,
    /// Package architecture, which may be `all`.
    pub arch: String,
    /// Source package name.
    pub source: String,
    /// Source version.
    pub source_version: String,
    /// Digest of the `.deb` file.
    pub digest: Digest,
}

/// The first line of `rootfs.tree`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: String,
    arch: Arch,
    slices: Vec<String>,
    packages: Vec<CutPackage>,
    notes: Vec<String>,
}

const SCHEMA: &str = "rootfs.tree/1";

impl CutRootfs {
    /// Writes `rootfs.tree`: a head line, then one line per path, sorted.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let head = Head {
            schema: SCHEMA.to_owned(),
            arch: self.arch,
            slices: self.slices.clone(),
            packages: self.packages.clone(),
            notes: self.notes.clone(),
        };
        serde_json::to_writer(&mut *out, &head)?;
        out.write_all(b"\n")?;
        self.tree.write_listing(out)
    }

    /// Reads what [`CutRootfs::write`] wrote; files have sizes and digests, no contents.
    pub fn read(input: &mut dyn BufRead) -> Result<Self, ListingError> {
        let fail = |why: String| ListingError::Line { line: 1, why };
        let text = next_line(input, 1)?.ok_or_else(|| fail("is missing".to_owned()))?;
        let head: Head = serde_json::from_str(&text).map_err(|e| fail(e.to_string()))?;
        if head.schema != SCHEMA {
            return Err(fail(format!("unknown schema `{}`", head.schema)));
        }
        Ok(Self {
            arch: head.arch,
            tree: Tree::read_lines(input, 1)?,
            packages: head.packages,
            slices: head.slices,
            notes: head.notes,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin, TreePath};

    fn sample() -> CutRootfs {
        let mut tree = Tree::new();
        let entry = Entry::file(Blob::new(&b"hi"[..]), 0o644, Origin::Package("a".into()));
        let entry = entry.with_owner("a_libs").with_owner("a_all");
        tree.insert(TreePath::new("/usr/a").unwrap(), entry)
            .unwrap();
        CutRootfs {
            arch: Arch::Amd64,
            tree,
            packages: vec![CutPackage {
                name: "a".into(),
                version: "1:2-3".into(),
                arch: "all".into(),
                source: "src".into(),
                source_version: "2-3".into(),
                digest: Digest::of(b"deb"),
            }],
            slices: vec!["a_all".into(), "a_libs".into()],
            notes: vec!["a note".into()],
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let cut = sample();
        let mut text = Vec::new();
        cut.write(&mut text).unwrap();
        assert_eq!(CutRootfs::read(&mut &text[..]).unwrap(), cut);
    }

    #[test]
    fn every_truncation_is_refused_or_shorter() {
        let cut = sample();
        let mut text = Vec::new();
        cut.write(&mut text).unwrap();
        for end in 0..text.len() {
            match CutRootfs::read(&mut &text[..end]) {
                Ok(shorter) => assert_eq!(text[end - 1], b'\n', "{shorter:?}"),
                Err(error) => assert!(error.to_string().contains("line"), "{error}"),
            }
        }
    }

    #[test]
    fn another_schema_is_refused() {
        let mut text = Vec::new();
        sample().write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap().replace("tree/1", "tree/2");
        let error = CutRootfs::read(&mut text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("unknown schema"), "{error}");
    }
}
