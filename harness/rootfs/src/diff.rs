//! What differs between two trees.

use serde::{Deserialize, Serialize};

use crate::{Entry, Kind, Tree, TreePath};

/// The paths that differ between two trees, each list sorted. Owners and origins do not count: they
/// are what we know of a path, not what a container would see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Only in the second tree.
    pub added: Vec<TreePath>,
    /// Only in the first tree.
    pub removed: Vec<TreePath>,
    /// In both, not the same.
    pub changed: Vec<Change>,
}

/// A path whose entry differs, and in what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The path.
    pub path: TreePath,
    /// In which fields; never empty.
    pub fields: Vec<Field>,
}

/// A field of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Field {
    Kind,
    Mode,
    Ids,
    Xattrs,
    Content,
    Target,
    Device,
}

impl Diff {
    /// Whether the trees are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Number of paths that differ.
    pub fn len(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len()
    }
}

impl Tree {
    /// What one has to do to `self` to get `after`.
    pub fn diff(&self, after: &Self) -> Diff {
        let mut diff = Diff {
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
        };
        compare(&TreePath::root(), &self.root, &after.root, &mut diff);
        for (path, old) in self.iter() {
            match after.get(path) {
                Some(new) => compare(path, old, new, &mut diff),
                None => diff.removed.push(path.clone()),
            }
        }
        let is_new = |path: &&TreePath| !self.entries.contains_key(*path);
        diff.added
            .extend(after.entries.keys().filter(is_new).cloned());
        diff
    }
}

fn compare(path: &TreePath, old: &Entry, new: &Entry, diff: &mut Diff) {
    let mut fields = Vec::new();
    match (&old.kind, &new.kind) {
        (a, b) if a.word() != b.word() => fields.push(Field::Kind),
        (Kind::File(a), Kind::File(b)) if a != b => fields.push(Field::Content),
        (Kind::Symlink { .. } | Kind::Hardlink { .. }, b) if old.kind != *b => {
            fields.push(Field::Target);
        }
        (Kind::CharDevice { .. } | Kind::BlockDevice { .. }, b) if old.kind != *b => {
            fields.push(Field::Device);
        }
        _ => {}
    }
    if old.mode != new.mode {
        fields.push(Field::Mode);
    }
    if (old.uid, old.gid) != (new.uid, new.gid) {
        fields.push(Field::Ids);
    }
    if old.xattrs != new.xattrs {
        fields.push(Field::Xattrs);
    }
    if !fields.is_empty() {
        let path = path.clone();
        diff.changed.push(Change { path, fields });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Origin};

    fn file(text: &str) -> Entry {
        Entry::file(Blob::new(text.as_bytes().to_vec()), 0o644, Origin::User)
    }

    #[test]
    fn every_field_is_seen() {
        let link = |target: &str| Entry::symlink(target, Origin::User);
        let device = |minor| Entry::new(Kind::CharDevice { major: 1, minor }, 0o666, Origin::User);
        let mut moded = file("x");
        moded.mode = 0o4755;
        let mut marked = file("x");
        marked.xattrs.insert("user.a".into(), vec![1]);
        let mut known = file("x").with_owner("a_b");
        known.origin = Origin::Implicit;
        let table = [
            (file("x"), file("y"), vec![Field::Content]),
            (file("x"), link("x"), vec![Field::Kind, Field::Mode]),
            (file("x"), moded, vec![Field::Mode]),
            (file("x"), marked, vec![Field::Xattrs]),
            (file("x"), file("x").with_ids(0, 5), vec![Field::Ids]),
            (link("x"), link("y"), vec![Field::Target]),
            (device(3), device(5), vec![Field::Device]),
            (file("x"), known, vec![]),
        ];
        for (old, new, fields) in table {
            let path = TreePath::new("/p").unwrap();
            let (mut a, mut b) = (Tree::new(), Tree::new());
            a.insert(path.clone(), old).unwrap();
            b.insert(path.clone(), new).unwrap();
            let diff = a.diff(&b);
            let found: Vec<Field> = diff.changed.into_iter().flat_map(|c| c.fields).collect();
            assert_eq!(found, fields);
            assert_eq!(a.digest() == b.digest(), fields.is_empty());
        }
    }

    #[test]
    fn additions_removals_and_the_root_are_seen() {
        let (mut a, mut b) = (Tree::new(), Tree::new());
        a.insert(TreePath::new("/old").unwrap(), file("")).unwrap();
        b.insert(TreePath::new("/new").unwrap(), file("")).unwrap();
        b.insert(TreePath::root(), Entry::directory(0o700, Origin::User))
            .unwrap();
        let diff = a.diff(&b);
        assert_eq!(diff.added[0].as_str(), "/new");
        assert_eq!(diff.removed[0].as_str(), "/old");
        assert_eq!(diff.changed[0].fields, [Field::Mode]);
        assert_eq!(diff.len(), 3);
        assert!(a.diff(&a).is_empty());
    }
}
