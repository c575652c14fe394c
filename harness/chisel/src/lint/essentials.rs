//! Essentials that nothing in the slice needs.

use std::collections::BTreeSet;

use memchr::memmem;
use rootfs::read::Elf;
use rootfs::{Blob, Entry, Tree, TreePath};

use super::{Rule, Subject};
use crate::release::SliceKey;
use crate::select::select;

pub(super) const RULE: Rule = Rule {
    id: "unused-essential",
    title: "an essential made of programs and libraries is needed by the slice's files",
    rationale: "An essential that nothing needs makes every image larger. Only what can be seen is \
                judged: a slice whose own files are all ELF files and links, and an essential \
                whose own files are. It counts as used when a file of the slice needs one of it or \
                of its own essentials as library or loader, links to one, or holds the name of one \
                as text, as programs do that load a plug-in or start another program; or when a \
                library that the slice needs loads one so, as the C library does with libgcc_s.",
    look,
};

fn look(subject: &Subject<'_>) -> Vec<String> {
    let own: Vec<(&TreePath, &Entry)> = subject
        .own()
        .filter(|(path, _)| path.name() != "copyright")
        .collect();
    if own.is_empty()
        || !own
            .iter()
            .all(|(path, entry)| is_code(subject.tree, path, entry))
    {
        return Vec::new();
    }
    let needed = Needed::of(subject.tree, &own);
    let essentials = subject.slice.essential.iter();
    essentials
        .filter(|(_, options)| options.is_on(subject.selection.arch))
        .map(|(key, _)| key)
        .filter(|key| owned_by(subject.tree, &key.to_string()).all_code)
        .filter(|key| !is_used(subject, &needed, key))
        .map(|key| format!("no file of the slice needs one of {key}"))
        .collect()
}

/// What a slice owns in a tree.
struct Owned<'t> {
    files: Vec<&'t TreePath>,
    /// Whether there are files, all of them code.
    all_code: bool,
}

fn owned_by<'t>(tree: &'t Tree, slice: &str) -> Owned<'t> {
    let owned = tree.iter().filter(|(path, entry)| {
        !entry.is_directory()
            && path.name() != "copyright"
            && entry.owners.iter().any(|owner| **owner == *slice)
    });
    let owned: Vec<(&TreePath, &Entry)> = owned.collect();
    let is_all = owned.iter().all(|(path, entry)| is_code(tree, path, entry));
    Owned {
        all_code: !owned.is_empty() && is_all,
        files: owned.into_iter().map(|(path, _)| path).collect(),
    }
}

/// An ELF file, or a link that leads to one.
fn is_code(tree: &Tree, path: &TreePath, entry: &Entry) -> bool {
    let blob = match &entry.kind {
        rootfs::Kind::Symlink { .. } => tree.read(path.as_str()),
        _ => tree.blob(path),
    };
    let bytes = blob.and_then(Blob::bytes);
    bytes.is_some_and(|bytes| Elf::parse(bytes).is_some())
}

fn is_used(subject: &Subject<'_>, needed: &Needed<'_>, key: &SliceKey) -> bool {
    let release = subject.selection.release;
    let Ok(closure) = select(release, std::slice::from_ref(key), subject.selection.arch) else {
        return true;
    };
    closure.slices.iter().any(|slice| {
        let owned = owned_by(subject.tree, &slice.key.to_string());
        owned.files.iter().any(|path| needed.has(path))
    })
}

/// What the files of a slice need, as far as it can be seen.
struct Needed<'t> {
    /// Names of libraries.
    names: BTreeSet<String>,
    /// Loaders, and what links lead to.
    paths: BTreeSet<TreePath>,
    /// The files themselves.
    texts: Vec<&'t [u8]>,
    /// The libraries they need, and what those need.
    libraries: Vec<(&'t [u8], Vec<String>)>,
}

impl<'t> Needed<'t> {
    fn of(tree: &'t Tree, own: &[(&'t TreePath, &'t Entry)]) -> Self {
        let mut needed = Self {
            names: BTreeSet::new(),
            paths: BTreeSet::new(),
            texts: Vec::new(),
            libraries: Vec::new(),
        };
        for (path, entry) in own {
            if matches!(entry.kind, rootfs::Kind::Symlink { .. }) {
                needed.paths.extend(tree.resolve(path.as_str()));
                continue;
            }
            let Some(bytes) = tree.blob(path).and_then(Blob::bytes) else {
                continue;
            };
            if let Some(elf) = Elf::parse(bytes) {
                let loader = elf
                    .interpreter
                    .and_then(|loader| tree.resolve(&loader).ok());
                needed.paths.extend(loader);
                needed.names.extend(elf.needed);
            }
            needed.texts.push(bytes);
        }
        needed.libraries = tree
            .iter()
            .filter(|(path, _)| needed.names.contains(path.name()))
            .filter_map(|(path, _)| tree.read(path.as_str())?.bytes())
            .filter_map(|bytes| Some((&**bytes, Elf::parse(bytes)?.needed)))
            .collect();
        needed
    }

    /// Whether the file at `path` is needed.
    fn has(&self, path: &TreePath) -> bool {
        let name = path.name();
        let is_in = |text: &[u8]| memmem::find(text, name.as_bytes()).is_some();
        self.paths.contains(path)
            || self.names.contains(name)
            || self.texts.iter().any(|text| is_in(text))
            || self
                .libraries
                .iter()
                .any(|(text, needed)| !needed.iter().any(|other| other == name) && is_in(text))
    }
}
