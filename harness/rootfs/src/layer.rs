//! One layer of an image, and how it is laid over the tree below it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Entry, Kind, Origin, ResolveError, Tree, TreeError, TreePath};

/// What one layer's archive says: entries, and what it hides of the layers below (OCI image
/// specification, "Representing Changes"). Built member by member with [`Layer::add`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The layer's own entries. Parents that the archive does not name are [`Origin::Implicit`] and
    /// leave the folder below as it is.
    pub tree: Tree,
    /// Hard links to files of lower layers.
    pub lower_links: Vec<(TreePath, Entry)>,
    /// Paths hidden from lower layers, with all below them.
    pub whiteouts: Vec<TreePath>,
    /// Folders whose lower content is hidden.
    pub opaque: Vec<TreePath>,
    /// What was odd about the archive, in order; nothing odd is followed, all of it is kept here.
    pub oddities: Vec<Oddity>,
}

/// Something in a layer that an honest builder does not write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// The name as the archive has it, under [`crate::escape`].
    pub path: Arc<str>,
    /// What is odd.
    pub what: String,
}

impl Layer {
    /// A layer without entries.
    pub fn new() -> Self {
        Self {
            tree: Tree::new(),
            lower_links: Vec::new(),
            whiteouts: Vec::new(),
            opaque: Vec::new(),
            oddities: Vec::new(),
        }
    }

    /// Records something odd about the member `raw`.
    pub fn note(&mut self, raw: &str, what: impl Into<String>) {
        self.oddities.push(Oddity {
            path: raw.chars().take(4096).collect::<String>().into(),
            what: what.into(),
        });
    }

    /// Adds the member that the archive calls `raw`: cleaned, inside the root, and through the
    /// layer's own links as a runtime would place it. Whiteouts are recognised by name. What cannot
    /// be placed is noted and left out. A hard link's target is a name as the archive has it, in
    /// `link`, and takes the place of `entry.kind`.
    pub fn add(&mut self, raw: &str, entry: Entry, link: Option<&str>) {
        if raw.starts_with('/') {
            self.note(raw, "absolute name");
        }
        let Some(path) = self.clean(raw) else { return };
        if let Some(hidden) = path.name().strip_prefix(".wh.") {
            return self.hide(raw, &path, hidden);
        }
        let path = match self.tree.place(&path) {
            Ok(placed) => {
                if placed != path {
                    self.note(raw, format!("goes through a symbolic link to `{placed}`"));
                }
                placed
            }
            Err(error) => return self.note(raw, error.to_string()),
        };
        if let Some(link) = link {
            return self.add_link(raw, path, entry, link);
        }
        self.note_target(raw, &path, &entry);
        self.put(raw, path, entry);
    }

    fn clean(&mut self, raw: &str) -> Option<TreePath> {
        match TreePath::cleaned(raw) {
            Ok((path, escaped)) => {
                if escaped {
                    self.note(raw, "name climbs above the root");
                } else if raw.split('/').any(|part| part == "..") {
                    self.note(raw, "name has a `..` part");
                }
                Some(path)
            }
            Err(error) => {
                self.note(raw, format!("impossible name: {}", error.why));
                None
            }
        }
    }

    fn hide(&mut self, raw: &str, path: &TreePath, hidden: &str) {
        let parent = path.parent().unwrap_or_else(TreePath::root);
        match hidden {
            ".wh..opq" => self.opaque.push(parent),
            // Bookkeeping of AUFS, of no meaning to a reader.
            name if name.starts_with(".wh.") => self.note(raw, "AUFS bookkeeping"),
            "" | "." | ".." => self.note(raw, "whiteout of no name"),
            name => match parent.join(name) {
                Ok(path) => self.whiteouts.push(path),
                Err(error) => self.note(raw, error.to_string()),
            },
        }
    }

    fn add_link(&mut self, raw: &str, path: TreePath, mut entry: Entry, link: &str) {
        let to = match TreePath::cleaned(link) {
            Ok((to, false)) => to,
            Ok((to, true)) => {
                self.note(raw, format!("hard link to `{link}` climbs above the root"));
                to
            }
            Err(error) => return self.note(raw, format!("hard link: {error}")),
        };
        let to = self.tree.place(&to).unwrap_or(to);
        let is_here = self.tree.contains(&to);
        entry.kind = Kind::Hardlink { to };
        if is_here {
            self.put(raw, path, entry);
        } else {
            self.lower_links.push((path, entry));
        }
    }

    fn note_target(&mut self, raw: &str, path: &TreePath, entry: &Entry) {
        let Kind::Symlink { target } = &entry.kind else {
            return;
        };
        let from_here = match path.parent() {
            Some(parent) if !target.starts_with('/') => format!("{parent}/{target}"),
            _ => target.clone(),
        };
        if !matches!(TreePath::cleaned(&from_here), Ok((_, false))) {
            let shown: String = target.chars().take(200).collect();
            self.note(
                raw,
                format!("symbolic link to `{shown}` climbs above the root"),
            );
        }
    }

    fn put(&mut self, raw: &str, path: TreePath, entry: Entry) {
        let is_twice = self
            .tree
            .get(&path)
            .is_some_and(|old| old.origin != Origin::Implicit && !old.is_directory());
        if is_twice {
            self.note(raw, "named twice; the last one counts");
        }
        if let Err(error) = replace(&mut self.tree, path, entry) {
            self.note(raw, error.to_string());
        }
    }
}

impl Default for Layer {
    fn default() -> Self {
        Self::new()
    }
}

/// Inserts like an extractor: what is in the way of a file goes.
fn replace(tree: &mut Tree, path: TreePath, entry: Entry) -> Result<(), TreeError> {
    match tree.insert(path.clone(), entry.clone()) {
        Err(TreeError::DirectoryInTheWay { .. }) => {
            tree.remove(&path);
            tree.insert(path, entry).map(|_| ())
        }
        other => other.map(|_| ()),
    }
}

impl Tree {
    /// Lays `layer` over this tree: first what it hides goes, then its entries come. Links of this
    /// tree in the folders of an entry are followed inside the root, as a runtime does that unpacks
    /// layer over layer. Returns what could not be placed: a runtime would refuse such an image.
    pub fn overlay(&mut self, layer: &Layer) -> Vec<Oddity> {
        let mut odd = Vec::new();
        for path in &layer.opaque {
            let folder = self.resolve(path.as_str()).unwrap_or_else(|_| path.clone());
            let below: Vec<TreePath> = self.children(&folder).map(|(p, _)| p.clone()).collect();
            for path in below {
                self.remove(&path);
            }
        }
        for path in &layer.whiteouts {
            let path = self.place(path).unwrap_or_else(|_| path.clone());
            self.remove(&path);
        }
        if layer.tree.root.origin != Origin::Implicit {
            self.root = layer.tree.root.clone();
        }
        for (path, entry) in layer.tree.iter() {
            self.lay(path, entry, &mut odd);
        }
        for (path, entry) in &layer.lower_links {
            self.lay(path, entry, &mut odd);
        }
        odd
    }

    fn lay(&mut self, path: &TreePath, entry: &Entry, odd: &mut Vec<Oddity>) {
        if let Err(what) = self.lay_or_tell(path, entry) {
            let path = path.as_str().into();
            odd.push(Oddity { path, what });
        }
    }

    fn lay_or_tell(&mut self, path: &TreePath, entry: &Entry) -> Result<(), String> {
        let told = |error: ResolveError| error.to_string();
        let placed = self.place(path).map_err(told)?;
        let mut entry = entry.clone();
        if entry.origin == Origin::Implicit && self.contains(&placed) {
            return Ok(());
        }
        if let Kind::Hardlink { to } = &mut entry.kind {
            *to = self.place(to).map_err(told)?;
        }
        replace(self, placed, entry).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
