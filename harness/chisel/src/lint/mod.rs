//! What a definition can be reproached with although it parses and cuts: one file per rule.
//!
//! A slice is judged alone: by the tree that it and its essentials make, and only for what it owns
//! in there itself. What an essential lacks is told of the essential.

mod alone;
mod copyright;
mod cuts;
mod essentials;
mod libraries;
mod links;
mod loader;
mod scripts;
mod unpacked;
mod whole;

use std::collections::BTreeMap;

use rootfs::{Entry, Tree, TreePath};

pub use alone::lint_alone;
pub use unpacked::UnpackedPackages;

use crate::release::Slice;
use crate::select::Selection;

/// One rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// What it asks, in a few words.
    pub title: &'static str,
    /// Why, and where it looks away.
    pub rationale: &'static str,
    /// Looks at one slice; a sentence for each thing that is wrong.
    look: fn(&Subject<'_>) -> Vec<String>,
}

/// Every rule, by name.
pub static RULES: [Rule; 8] = [
    copyright::RULE,
    cuts::RULE,
    essentials::RULE,
    libraries::RULE,
    links::RULE,
    loader::RULE,
    scripts::RULE,
    whole::RULE,
];

/// One thing that is wrong with a slice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Lint {
    /// The slice.
    pub slice: String,
    /// The [`Rule::id`].
    pub rule: &'static str,
    /// What was found, as a lower-case fragment that names it.
    pub found: String,
}

/// The paths of a package that are no folders: absolute, as its archive has them, each with
/// whether it is a symbolic link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageListing {
    /// Path, and whether it is a symbolic link.
    pub files: BTreeMap<String, bool>,
}

/// A slice with all that judging it needs.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The slice.
    pub slice: &'s Slice,
    /// It and what it needs, nothing else.
    pub selection: &'s Selection<'s>,
    /// The tree cut of the selection.
    pub tree: &'s Tree,
    /// What the slice's package holds.
    pub listing: &'s PackageListing,
}

/// Judges one slice by every rule; sorted.
pub fn lint(subject: &Subject<'_>) -> Vec<Lint> {
    let mut found: Vec<Lint> = RULES
        .iter()
        .flat_map(|rule| {
            let found = (rule.look)(subject).into_iter();
            found.map(|found| Lint {
                slice: subject.slice.key.to_string(),
                rule: rule.id,
                found,
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

impl<'s> Subject<'s> {
    /// Whether the slice itself claims the path of `entry`.
    fn owns(&self, entry: &Entry) -> bool {
        let name = self.slice.key.to_string();
        entry.owners.iter().any(|owner| **owner == *name)
    }

    /// What the slice itself claims, folders left out.
    fn own(&self) -> impl Iterator<Item = (&'s TreePath, &'s Entry)> {
        let name = self.slice.key.to_string();
        self.tree
            .iter()
            .filter(|(_, entry)| !entry.is_directory())
            .filter(move |(_, entry)| entry.owners.iter().any(|owner| **owner == *name))
    }
}
