//! The tree itself: a sorted map of paths to entries that is always a possible file system.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::{Blob, Entry, Kind, Origin, TreePath};

/// A file tree in memory. At any time: every parent exists and is a folder; every hard link names a
/// regular file that stands before it in order (so archives can be written front to back).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub(crate) root: Entry,
    pub(crate) entries: BTreeMap<TreePath, Entry>,
    /// For each path that holds a file with more names: those names.
    links: BTreeMap<TreePath, BTreeSet<TreePath>>,
}

/// An entry that a tree cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TreeError {
    #[error("`{path}` cannot be placed: its parent `{parent}` is a {kind}, not a directory")]
    ParentIsNoDirectory {
        path: TreePath,
        parent: TreePath,
        kind: &'static str,
    },
    #[error("`{path}` is a directory with content; a {kind} cannot take its place")]
    DirectoryInTheWay { path: TreePath, kind: &'static str },
    #[error("hard link `{path}` names `{to}`, which is no file of the tree")]
    DanglingLink { path: TreePath, to: TreePath },
    #[error("mode {mode:o} of `{path}` exceeds 7777")]
    BadMode { path: TreePath, mode: u32 },
    #[error("symbolic link `{path}` has a target that is {why}")]
    BadTarget { path: TreePath, why: &'static str },
    #[error("the root can only be a directory, not a {kind}")]
    BadRoot { kind: &'static str },
    #[error("`{path}` is not in the tree")]
    Absent { path: TreePath },
    #[error("`{path}` is a {kind}, not a regular file")]
    NoFile { path: TreePath, kind: &'static str },
}

impl Tree {
    /// A tree with nothing but its root, 0755, owner 0:0.
    pub fn new() -> Self {
        Self {
            root: Entry::directory(0o755, Origin::Implicit),
            entries: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// Puts `entry` at `path`; absent parents are made ([`Origin::Implicit`]). A folder put on a
    /// folder takes over its attributes and keeps what it holds. A hard link may name another hard
    /// link; one that names a symbolic link becomes a copy of it. Symbolic links get mode 0777, the
    /// only one Linux knows for them. Returns what stood there.
    pub fn insert(&mut self, path: TreePath, mut entry: Entry) -> Result<Option<Entry>, TreeError> {
        check(&path, &entry)?;
        if matches!(entry.kind, Kind::Symlink { .. }) {
            entry.mode = 0o777;
        }
        if path.is_root() {
            if !entry.is_directory() {
                let kind = entry.kind.word();
                return Err(TreeError::BadRoot { kind });
            }
            return Ok(Some(std::mem::replace(&mut self.root, entry)));
        }
        let parent = self.parent_to_be(&path)?;
        if !entry.is_directory() && self.has_children(&path) {
            let kind = entry.kind.word();
            return Err(TreeError::DirectoryInTheWay { path, kind });
        }
        let entry = self.settled(&path, entry)?;
        self.make_parents(parent);
        let Some(entry) = entry else {
            return Ok(self.entries.get(&path).cloned());
        };
        let old = self.take(&path);
        if let Kind::Hardlink { to } = &entry.kind {
            let to = to.clone();
            self.link(path, entry, to);
        } else {
            self.entries.insert(path, entry);
        }
        Ok(old)
    }

    /// Removes `path` and everything below it; returns how many entries went. Files that have other
    /// names live on under those. The root itself is emptied, not removed.
    pub fn remove(&mut self, path: &TreePath) -> usize {
        let mut gone: Vec<TreePath> = self.below(path).map(|(path, _)| path.clone()).collect();
        if self.entries.contains_key(path) {
            gone.push(path.clone());
        }
        // Last name first: a file then finds its remaining names outside what is removed, if any.
        gone.sort();
        for path in gone.iter().rev() {
            self.take(path);
        }
        gone.len()
    }

    /// The entry at exactly `path`, no link followed. `/` gives the root.
    pub fn get(&self, path: impl AsRef<str>) -> Option<&Entry> {
        match path.as_ref() {
            "/" => Some(&self.root),
            path => self.entries.get(path),
        }
    }

    /// Whether something stands at exactly `path`.
    pub fn contains(&self, path: impl AsRef<str>) -> bool {
        self.get(path).is_some()
    }

    /// The root folder's own entry. [`Tree::iter`] does not yield it.
    pub fn root(&self) -> &Entry {
        &self.root
    }

    /// All entries but the root, sorted by path.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&TreePath, &Entry)> + Clone {
        self.entries.iter()
    }

    /// The entries strictly below `folder`, sorted by path.
    pub fn below(&self, folder: &TreePath) -> impl Iterator<Item = (&TreePath, &Entry)> {
        // `/a/` up to but without `/a0`: all texts that start with `/a/`.
        let mut from = folder.as_str().trim_end_matches('/').to_owned();
        let mut to = from.clone();
        from.push('/');
        to.push('0');
        self.entries
            .range::<str, _>((Bound::Included(&*from), Bound::Excluded(&*to)))
    }

    /// The entries directly in `folder`, sorted by name.
    pub fn children(&self, folder: &TreePath) -> impl Iterator<Item = (&TreePath, &Entry)> {
        let depth = folder.depth() + 1;
        self.below(folder)
            .filter(move |(path, _)| path.depth() == depth)
    }

    /// Number of entries, the root not counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The content of the regular file at exactly `path`, or of the one it is a hard link to. No
    /// symbolic link is followed; see [`Tree::resolve`] for that.
    pub fn blob(&self, path: impl AsRef<str>) -> Option<&Blob> {
        match &self.get(path)?.kind {
            Kind::File(blob) => Some(blob),
            Kind::Hardlink { to } => match &self.entries.get(to)?.kind {
                Kind::File(blob) => Some(blob),
                _ => None,
            },
            _ => None,
        }
    }

    /// All regular files with their content, hard links included, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&TreePath, &Entry, &Blob)> {
        self.iter()
            .filter_map(|(path, entry)| Some((path, entry, self.blob(path)?)))
    }

    /// All names of the file at `path`, itself included, sorted; one name for most files.
    pub fn names_of(&self, path: &TreePath) -> Vec<TreePath> {
        let holder = match self.entries.get(path).map(|entry| &entry.kind) {
            Some(Kind::Hardlink { to }) => to,
            _ => path,
        };
        let mut names = vec![holder.clone()];
        names.extend(self.links.get(holder).into_iter().flatten().cloned());
        names
    }

    /// Adds a slice or package that owns `path`; says whether `path` exists.
    pub fn add_owner(&mut self, path: &TreePath, owner: Arc<str>) -> bool {
        let entry = self.entries.get_mut(path);
        entry.map(|entry| entry.add_owner(owner)).is_some()
    }

    /// Changes the permission bits at `path`, and of all other names of the same file. A symbolic
    /// link has none to change.
    pub fn set_mode(&mut self, path: &TreePath, mode: u32) -> Result<(), TreeError> {
        if mode > 0o7777 {
            let path = path.clone();
            return Err(TreeError::BadMode { path, mode });
        }
        match self.entries.get(path).map(|entry| &entry.kind) {
            None => return Err(TreeError::Absent { path: path.clone() }),
            Some(kind @ Kind::Symlink { .. }) => {
                let (path, kind) = (path.clone(), kind.word());
                return Err(TreeError::NoFile { path, kind });
            }
            Some(_) => {}
        }
        for name in self.names_of(path) {
            if let Some(entry) = self.entries.get_mut(&name) {
                entry.mode = mode;
            }
        }
        Ok(())
    }

    /// Changes the content of the regular file at `path` (under all its names) and remembers the
    /// digest it had at first in [`Entry::original`].
    pub fn set_content(&mut self, path: &TreePath, blob: Blob) -> Result<(), TreeError> {
        let Some(before) = self.blob(path).map(Blob::digest) else {
            let path = path.clone();
            return Err(match self.get(&path) {
                Some(entry) => TreeError::NoFile {
                    kind: entry.kind.word(),
                    path,
                },
                None => TreeError::Absent { path },
            });
        };
        for name in self.names_of(path) {
            if let Some(entry) = self.entries.get_mut(&name) {
                entry.original.get_or_insert(before);
                if let Kind::File(content) = &mut entry.kind {
                    *content = blob.clone();
                }
            }
        }
        Ok(())
    }

    /// Gives every regular file the content that `content` has for what is recorded of it; the
    /// first path for which there is none, or another one, is returned as the error.
    pub fn fill(&mut self, content: impl Fn(&Blob) -> Option<Blob>) -> Result<(), TreePath> {
        for (path, entry) in &mut self.entries {
            if let Kind::File(blob) = &mut entry.kind {
                let filled = content(blob).filter(|filled| filled == blob);
                *blob = filled.ok_or_else(|| path.clone())?;
            }
        }
        Ok(())
    }

    fn has_children(&self, path: &TreePath) -> bool {
        self.below(path).next().is_some()
    }

    /// The parent that `path` needs; refused when some ancestor is no folder.
    fn parent_to_be(&self, path: &TreePath) -> Result<TreePath, TreeError> {
        let parent = path.parent().unwrap_or_else(TreePath::root);
        let mut at = parent.clone();
        // Parents of what exists are folders, so the nearest existing ancestor decides.
        loop {
            match self.get(&at) {
                Some(entry) if entry.is_directory() => return Ok(parent),
                Some(entry) => {
                    return Err(TreeError::ParentIsNoDirectory {
                        path: path.clone(),
                        kind: entry.kind.word(),
                        parent: at,
                    });
                }
                None => at = at.parent().unwrap_or_else(TreePath::root),
            }
        }
    }

    fn make_parents(&mut self, mut at: TreePath) {
        while !at.is_root() && !self.entries.contains_key(&at) {
            let parent = at.parent().unwrap_or_else(TreePath::root);
            let folder = Entry::directory(0o755, Origin::Implicit);
            self.entries.insert(at, folder);
            at = parent;
        }
    }

    /// A hard link with its final target; none when it names its own file, which changes nothing.
    fn settled(&self, path: &TreePath, mut entry: Entry) -> Result<Option<Entry>, TreeError> {
        let Kind::Hardlink { to } = &entry.kind else {
            return Ok(Some(entry));
        };
        let target = self.entries.get(to);
        let holder = match target.map(|target| &target.kind) {
            Some(Kind::Hardlink { to: holder }) => holder.clone(),
            Some(Kind::File(_)) => to.clone(),
            Some(Kind::Symlink { .. }) if to != path => {
                return Ok(target.cloned());
            }
            _ => {
                return Err(TreeError::DanglingLink {
                    path: path.clone(),
                    to: to.clone(),
                });
            }
        };
        let already = match self.entries.get(path).map(|entry| &entry.kind) {
            Some(Kind::Hardlink { to }) => *to == holder,
            _ => *path == holder,
        };
        entry.kind = Kind::Hardlink { to: holder };
        Ok((!already).then_some(entry))
    }

    /// Adds `path` to the link group of `holder`, which is a regular file. Attributes belong to the
    /// file, so the new name takes the file's; owners and origin are the name's own.
    fn link(&mut self, path: TreePath, mut entry: Entry, holder: TreePath) {
        let Some(file) = self.entries.get_mut(&holder) else {
            return;
        };
        entry.mode = file.mode;
        entry.uid = file.uid;
        entry.gid = file.gid;
        entry.mtime = file.mtime;
        entry.xattrs.clone_from(&file.xattrs);
        entry.original = file.original;
        let mut names = self.links.remove(&holder).unwrap_or_default();
        if holder < path {
            entry.kind = Kind::Hardlink { to: holder.clone() };
            names.insert(path.clone());
            self.entries.insert(path, entry);
            self.links.insert(holder, names);
        } else {
            let pointer = Kind::Hardlink { to: path.clone() };
            entry.kind = std::mem::replace(&mut file.kind, pointer);
            names.insert(holder);
            self.entries.insert(path.clone(), entry);
            self.regroup(path, names);
        }
    }

    /// Makes `names` the further names of the file at `holder`.
    fn regroup(&mut self, holder: TreePath, names: BTreeSet<TreePath>) {
        for name in &names {
            if let Some(entry) = self.entries.get_mut(name) {
                entry.kind = Kind::Hardlink { to: holder.clone() };
            }
        }
        if !names.is_empty() {
            self.links.insert(holder, names);
        }
    }

    /// Takes the entry at exactly `path` out; a file with further names moves to the first of them.
    fn take(&mut self, path: &TreePath) -> Option<Entry> {
        let old = self.entries.remove(path)?;
        match &old.kind {
            Kind::File(_) => {
                let mut names = self.links.remove(path).unwrap_or_default();
                if let Some(heir) = names.pop_first() {
                    if let Some(entry) = self.entries.get_mut(&heir) {
                        entry.kind = old.kind.clone();
                    }
                    self.regroup(heir, names);
                }
            }
            Kind::Hardlink { to } => {
                if let Some(names) = self.links.get_mut(to) {
                    names.remove(path);
                    if names.is_empty() {
                        self.links.remove(to);
                    }
                }
            }
            _ => {}
        }
        Some(old)
    }
}

fn check(path: &TreePath, entry: &Entry) -> Result<(), TreeError> {
    if entry.mode > 0o7777 {
        return Err(TreeError::BadMode {
            path: path.clone(),
            mode: entry.mode,
        });
    }
    if let Kind::Symlink { target } = &entry.kind {
        let why = match target.len() {
            0 => "empty",
            1..=4095 if !target.contains('\0') => return Ok(()),
            1..=4095 => "not free of NUL bytes",
            _ => "longer than 4095 bytes",
        };
        return Err(TreeError::BadTarget {
            path: path.clone(),
            why,
        });
    }
    Ok(())
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
