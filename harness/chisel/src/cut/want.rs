//! What a cut wants out of one package: which of its paths go where, and for which slices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::glob::Pattern;
use crate::release::{PathKind, SliceKey};
use crate::select::Selection;

/// A slice's interest in one path.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Who wants it.
    pub(super) slice: Arc<str>,
    /// Where it goes; for a pattern the path in the package itself.
    pub(super) target: Option<String>,
    pub(super) mutable: bool,
    pub(super) until_mutate: bool,
}

/// Everything wanted of one package.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    /// Paths in the package (folders end in a slash) and who wants them.
    plain: BTreeMap<String, Vec<Claim>>,
    /// Patterns, their plain start first.
    globs: Vec<Glob>,
    /// Folders that made paths stand in: taken over with their mode if the package has them.
    folders: BTreeSet<String>,
}

#[derive(Debug)]
struct Glob {
    text: String,
    prefix: String,
    pattern: Pattern,
    claims: Vec<Claim>,
}

impl Wants {
    /// What the slices of `package` in `selection` want.
    pub(crate) fn of(selection: &Selection<'_>, package: &str, names: &SliceNames) -> Self {
        let mut wants = Self::default();
        let mut globs: BTreeMap<&str, Vec<Claim>> = BTreeMap::new();
        for (key, path, rule) in selected_paths(selection) {
            if key.package() != package {
                continue;
            }
            let claim = |target: Option<&str>| Claim {
                slice: names.get(key),
                target: target.map(str::to_owned),
                mutable: rule.mutable,
                until_mutate: rule.until_mutate,
            };
            match &rule.kind {
                PathKind::Copy { from } => {
                    wants
                        .plain
                        .entry(from.clone())
                        .or_default()
                        .push(claim(Some(path)));
                }
                PathKind::Glob => globs.entry(path).or_default().push(claim(None)),
                PathKind::Make | PathKind::Text(_) | PathKind::Symlink(_) => {
                    wants.folders.insert(parent(path).to_owned());
                }
                PathKind::Generate(_) => {
                    wants.folders.insert(path.trim_end_matches('*').to_owned());
                }
            }
        }
        wants.globs = globs
            .into_iter()
            .map(|(text, claims)| Glob {
                text: text.to_owned(),
                prefix: text.split(['*', '?']).next().unwrap_or_default().to_owned(),
                pattern: Pattern::new(text),
                claims,
            })
            .collect();
        wants
    }

    /// Who wants the package's `path`: where it is named and by which patterns. `seen` notes what
    /// was found.
    pub(crate) fn claims<'w>(&'w self, path: &str, seen: &mut BTreeSet<&'w str>) -> Vec<&'w Claim> {
        let mut claims = Vec::new();
        if let Some((named, own)) = self.plain.get_key_value(path) {
            seen.insert(named);
            claims.extend(own);
        }
        let mut compiled = None;
        for glob in self
            .globs
            .iter()
            .filter(|glob| path.starts_with(&glob.prefix))
        {
            let compiled = compiled.get_or_insert_with(|| Pattern::literal(path));
            if glob.pattern.meets(compiled) {
                seen.insert(&glob.text);
                claims.extend(&glob.claims);
            }
        }
        claims
    }

    /// Whether `path` is a folder that made paths stand in.
    pub(super) fn is_folder_of_made(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    /// What was asked for and is not among `seen`, sorted.
    pub(super) fn missing<'w>(&'w self, seen: &BTreeSet<&'w str>) -> Vec<&'w str> {
        let named = self.plain.keys().map(String::as_str);
        let all: BTreeSet<&str> = named
            .chain(self.globs.iter().map(|g| g.text.as_str()))
            .collect();
        all.difference(seen).copied().collect()
    }
}

/// The full names of the selected slices, shared.
#[derive(Debug, Default)]
pub(crate) struct SliceNames(BTreeMap<SliceKey, Arc<str>>);

impl SliceNames {
    /// The names of all slices in `selection`.
    pub(crate) fn of(selection: &Selection<'_>) -> Self {
        let name = |key: &SliceKey| (key.clone(), key.to_string().into());
        Self(
            selection
                .slices
                .iter()
                .map(|slice| name(&slice.key))
                .collect(),
        )
    }

    /// The shared name of `key`.
    pub(super) fn get(&self, key: &SliceKey) -> Arc<str> {
        self.0
            .get(key)
            .cloned()
            .unwrap_or_else(|| key.to_string().into())
    }
}

/// All paths that take part in a cut: those of the selected slices that exist on the
/// architecture and that no preferred package provides instead; slices in order, paths by name.
pub(super) fn selected_paths<'r>(
    selection: &Selection<'r>,
) -> Vec<(&'r SliceKey, &'r str, &'r crate::release::PathRule)> {
    let mut holders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut paths = Vec::new();
    for slice in &selection.slices {
        for (path, rule) in slice
            .contents
            .iter()
            .filter(|(_, rule)| rule.is_on(selection.arch))
        {
            paths.push((&slice.key, path.as_str(), rule));
            if selection.release.chain(path).is_some() {
                holders.entry(path).or_default().insert(slice.key.package());
            }
        }
    }
    paths.retain(
        |(key, path, _)| match (selection.release.chain(path), holders.get(path)) {
            (Some(chain), Some(holders)) => chain.winner(holders) == Some(key.package()),
            _ => true,
        },
    );
    paths
}

/// The folder of `path` with its trailing slash.
pub(crate) fn parent(path: &str) -> &str {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rfind('/').map_or("/", |at| &path[..=at])
}
