//! What a cut created, path by path: the basis of the manifest and of what scripts may touch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Digest;
use rootfs::TreePath;

use super::want::Claim;
use crate::error::{Error, ErrorClass, Result};

/// What stands at a reported path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Folder,
    File {
        size: u64,
        digest: Digest,
    },
    Link {
        target: String,
    },
    /// Written at the end by the tool itself.
    Generated,
}

/// One reported path.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Permission bits as they are in the tree.
    pub(super) mode: u32,
    pub(super) what: What,
    /// The digest and size after a script has changed it.
    pub(super) changed: Option<(Digest, u64)>,
    /// The slices that keep it.
    pub(super) slices: BTreeSet<Arc<str>>,
    /// The number of its hard link group, in order of discovery.
    pub(super) group: Option<usize>,
    /// Where it really lies.
    pub(super) real: TreePath,
    pub(super) mutable: bool,
    /// Whether some slice wants it gone after the scripts.
    pub(super) leaves: bool,
}

impl Record {
    /// Whether it goes away after the scripts: nobody keeps it.
    pub(super) fn goes(&self) -> bool {
        self.leaves && self.slices.is_empty()
    }
}

/// All reported paths; folders end in a slash.
#[derive(Debug, Default)]
pub(super) struct Report {
    records: BTreeMap<String, Record>,
    groups: usize,
}

impl Report {
    /// Reports `path` with what stands there, for everyone in `claims`.
    pub(super) fn add<'c>(
        &mut self,
        path: &str,
        mode: u32,
        what: What,
        real: TreePath,
        claims: impl IntoIterator<Item = &'c Claim>,
    ) -> Result<()> {
        let record = match self.records.get_mut(path) {
            Some(record) => {
                agree(path, record, mode, &what)?;
                record
            }
            None => self.records.entry(path.to_owned()).or_insert(Record {
                mode,
                what,
                changed: None,
                slices: BTreeSet::new(),
                group: None,
                real,
                mutable: false,
                leaves: false,
            }),
        };
        for claim in claims {
            record.mutable |= claim.mutable;
            if claim.until_mutate {
                record.leaves = true;
            } else {
                record.slices.insert(Arc::clone(&claim.slice));
            }
        }
        Ok(())
    }

    /// Notes that `path` and `other` are names of one file.
    pub(super) fn link(&mut self, path: &str, other: &str) {
        let group = match self.records.get(other).and_then(|record| record.group) {
            Some(group) => group,
            None => {
                self.groups += 1;
                self.groups
            }
        };
        for path in [path, other] {
            if let Some(record) = self.records.get_mut(path) {
                record.group = Some(group);
            }
        }
    }

    /// The record of `path`.
    pub(super) fn get(&self, path: &str) -> Option<&Record> {
        self.records.get(path)
    }

    /// The record of `path`, to change.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Record> {
        self.records.get_mut(path)
    }

    /// All records by path.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Record)> {
        self.records
            .iter()
            .map(|(path, record)| (path.as_str(), record))
    }

    /// Whether `path` is reported, or a folder that holds a reported path.
    pub(super) fn knows(&self, path: &str) -> bool {
        if path == "/" || self.records.contains_key(path) {
            return true;
        }
        let folder = if path.ends_with('/') {
            path.to_owned()
        } else {
            format!("{path}/")
        };
        let next = self.records.range(folder.clone()..).next();
        next.is_some_and(|(path, _)| path.starts_with(&folder))
    }

    /// Forgets what goes away after the scripts; the paths, deepest first.
    pub(super) fn take_leaving(&mut self) -> Vec<(String, Record)> {
        let leaving: Vec<String> = self
            .iter()
            .filter(|(_, record)| record.goes())
            .map(|(path, _)| path.into())
            .collect();
        leaving
            .into_iter()
            .rev()
            .filter_map(|path| self.records.remove_entry(&path))
            .collect()
    }

    /// The number of each group that has at least two names left: 1, 2, ... by discovery.
    pub(super) fn inodes(&self) -> BTreeMap<usize, usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for group in self.records.values().filter_map(|record| record.group) {
            *counts.entry(group).or_default() += 1;
        }
        let shared = counts.into_iter().filter(|(_, count)| *count > 1);
        shared
            .enumerate()
            .map(|(at, (group, _))| (group, at + 1))
            .collect()
    }
}

/// One path reported twice must look the same both times.
fn agree(path: &str, record: &Record, mode: u32, what: &What) -> Result<()> {
    let differs = |field: &str, new: &dyn std::fmt::Display, old: &dyn std::fmt::Display| {
        let text = format!("path {path} reported twice with diverging {field}: {new} != {old}");
        Err(Error::new(ErrorClass::Report, text))
    };
    if record.mode != mode {
        return differs(
            "mode",
            &format_args!("{mode:#o}"),
            &format_args!("{:#o}", record.mode),
        );
    }
    match (what, &record.what) {
        (What::File { size, .. }, What::File { size: old, .. }) if size != old => {
            differs("size", size, old)
        }
        (What::File { digest, .. }, What::File { digest: old, .. }) if digest != old => {
            differs("hash", digest, old)
        }
        (What::Link { target }, What::Link { target: old }) if target != old => {
            differs("link", target, old)
        }
        (new, old) if std::mem::discriminant(new) != std::mem::discriminant(old) => {
            differs("kind", &new.word(), &old.word())
        }
        _ => Ok(()),
    }
}

impl What {
    const fn word(&self) -> &'static str {
        match self {
            Self::Folder => "directory",
            Self::File { .. } => "file",
            Self::Link { .. } => "symlink",
            Self::Generated => "generated file",
        }
    }
}
