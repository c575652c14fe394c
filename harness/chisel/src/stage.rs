//! The tree in the making: what happens when an entry comes to a path that is already there.
//!
//! Links inside the tree are followed for folders, never out of it. Attributes of parents come
//! from the package that first needs them.

use std::collections::BTreeMap;

use rootfs::{Entry, Kind, Origin, Tree, TreePath};

use crate::cut::parent;
use crate::error::{Error, ErrorClass, Result};

/// The modes that one package's archive gives its folders, by path with trailing slash.
pub(crate) type FolderModes = BTreeMap<String, u32>;

/// A tree that entries are placed into one after the other.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) tree: Tree,
    pub(crate) notes: Vec<String>,
}

impl Stage {
    /// A stage on which everything of `tree` stands already.
    pub(crate) const fn over(tree: Tree) -> Self {
        Self {
            tree,
            notes: Vec::new(),
        }
    }

    /// Places `entry` at `path` (a trailing slash is ignored) and returns where it really lies.
    /// Missing parents are made with the mode in `modes`, or 0755.
    pub(crate) fn place(
        &mut self,
        path: &str,
        mut entry: Entry,
        modes: &FolderModes,
    ) -> Result<TreePath> {
        let real = self.make_room(path, &entry.origin, modes)?;
        if let Some(old) = self.tree.get(&real) {
            for owner in &old.owners {
                entry.add_owner(owner.clone());
            }
            let in_the_way = match (&old.kind, &entry.kind) {
                (Kind::Directory, Kind::Directory) => false,
                (Kind::Directory, Kind::Symlink { .. }) => self.tree.below(&real).next().is_some(),
                (Kind::Directory, _) => true,
                (Kind::Symlink { .. }, Kind::Directory) => {
                    let leads = self.tree.resolve(real.as_str()).ok();
                    let Some(folder) = leads.filter(|to| self.is_folder(to)) else {
                        return Err(clash(&real, "is a dangling link where a folder should go"));
                    };
                    self.set_folder(&folder, entry)?;
                    return Ok(folder);
                }
                (_, Kind::Directory) => true,
                _ => false,
            };
            if in_the_way {
                let (new, old) = (entry.kind.word(), old.kind.word());
                return Err(clash(
                    &real,
                    &format!("is a {old}, a {new} cannot go there"),
                ));
            }
        }
        self.tree.insert(real.clone(), entry).map_err(tree_error)?;
        Ok(real)
    }

    /// Makes the folder at `path` unless there is one; a folder that is there stays as it is.
    pub(crate) fn place_absent_folder(
        &mut self,
        path: &str,
        entry: Entry,
        modes: &FolderModes,
    ) -> Result<TreePath> {
        let real = self.make_room(path, &entry.origin, modes)?;
        let leads = self.tree.resolve(real.as_str()).ok();
        match leads.filter(|to| self.is_folder(to)) {
            None => self.place(path, entry, modes),
            Some(folder) => {
                for owner in entry.owners {
                    self.tree.add_owner(&folder, owner);
                }
                Ok(folder)
            }
        }
    }

    /// Places the symbolic link `entry` at `path`, and `folder` where it leads to unless a folder is
    /// there: what comes later to a path below the link then lies in that folder.
    pub(crate) fn place_way(
        &mut self,
        path: &str,
        entry: Entry,
        folder: Entry,
    ) -> Result<TreePath> {
        let none = FolderModes::new();
        let real = self.place(path, entry, &none)?;
        if let Some((to, _)) = self.tree.link_target(&real) {
            self.place_absent_folder(to.as_str(), folder, &none)?;
        }
        Ok(real)
    }

    /// Gives the folder at `path` the attributes of `entry`.
    fn set_folder(&mut self, path: &TreePath, entry: Entry) -> Result<()> {
        if let Some(old) = self.tree.get(path) {
            let mut entry = entry;
            for owner in &old.owners {
                entry.add_owner(owner.clone());
            }
            self.tree.insert(path.clone(), entry).map_err(tree_error)?;
        }
        Ok(())
    }

    fn is_folder(&self, path: &TreePath) -> bool {
        self.tree.get(path).is_some_and(Entry::is_directory)
    }

    /// Makes the parents of `path` and returns where its last part lies.
    fn make_room(&mut self, path: &str, origin: &Origin, modes: &FolderModes) -> Result<TreePath> {
        let plain = TreePath::new(path.strip_suffix('/').unwrap_or(path))
            .map_err(|error| Error::caused_by(ErrorClass::Tree, error.to_string(), error))?;
        let mut folders = Vec::new();
        let mut at = parent(path);
        while at != "/" {
            folders.push(at);
            at = parent(at);
        }
        for folder in folders.into_iter().rev() {
            let bare = TreePath::new(&folder[..folder.len() - 1])
                .map_err(|error| Error::caused_by(ErrorClass::Tree, error.to_string(), error))?;
            let real = self.tree.place(&bare).map_err(resolve_error)?;
            match self.tree.get(&real).map(|entry| &entry.kind) {
                Some(Kind::Directory) => {}
                Some(Kind::Symlink { .. }) => {
                    let leads = self.tree.resolve(real.as_str()).map_err(resolve_error)?;
                    if !self.is_folder(&leads) {
                        return Err(clash(&leads, "is not a directory"));
                    }
                }
                Some(_) => return Err(clash(&real, "is not a directory")),
                None => {
                    let (mode, origin) = match modes.get(folder) {
                        Some(&mode) => (mode, origin.clone()),
                        None => (0o755, Origin::Implicit),
                    };
                    let entry = Entry::directory(mode, origin);
                    self.tree.insert(real, entry).map_err(tree_error)?;
                }
            }
        }
        self.tree.place(&plain).map_err(resolve_error)
    }
}

/// Something stands where something else should go.
fn clash(path: &TreePath, what: &str) -> Error {
    Error::new(ErrorClass::Tree, format!("{path} {what}"))
}

/// An entry that the tree refuses.
pub(crate) fn tree_error(error: rootfs::TreeError) -> Error {
    Error::caused_by(ErrorClass::Tree, error.to_string(), error)
}

/// A path that leads nowhere.
fn resolve_error(error: rootfs::ResolveError) -> Error {
    Error::caused_by(ErrorClass::Tree, error.to_string(), error)
}
