//! What must hold over a whole release: no two slices claim one path with different content,
//! essentials exist and do not loop, pins and preferences point at something.

use std::collections::{BTreeMap, BTreeSet};

use super::Release;
use super::definition::Package;
use super::names::SliceKey;
use super::path::PathRule;
use super::prefer::PreferChain;
use crate::error::{Error, ErrorClass, Result};
use crate::glob::Pattern;
use crate::glob_index::GlobIndex;

/// One slice's claim on a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'r> {
    pub(super) slice: &'r SliceKey,
    pub(super) rule: &'r PathRule,
}

/// All claims by path; those of one path are sorted by slice.
type Claims<'r> = BTreeMap<&'r str, Vec<Claim<'r>>>;

/// Checks `release` and returns the chains of its preferences by path.
pub(super) fn check(release: &Release) -> Result<BTreeMap<String, PreferChain>> {
    pins(release)?;
    essentials(release)?;
    let claims = claims(&release.packages);
    prefer_targets(release, &claims)?;
    let mut chains = BTreeMap::new();
    for (path, claims) in &claims {
        if let Some(chain) = PreferChain::read(path, claims)? {
            chains.insert((*path).to_owned(), chain);
        }
    }
    same_path(&claims, &chains)?;
    patterns(&claims)?;
    Ok(chains)
}

/// The claims of all packages.
fn claims(packages: &BTreeMap<String, Package>) -> Claims<'_> {
    let mut claims = Claims::new();
    for package in packages.values() {
        for slice in package.slices.values() {
            for (path, rule) in &slice.contents {
                claims.entry(path).or_default().push(Claim {
                    slice: &slice.key,
                    rule,
                });
            }
        }
    }
    claims
}

/// Pinned archives exist.
fn pins(release: &Release) -> Result<()> {
    for package in release.packages.values() {
        if let Some(archive) = &package.archive
            && !release.archives.contains_key(archive)
        {
            let file = &package.file;
            return Err(Error::new(
                ErrorClass::Definition,
                format!("{file}: package refers to undefined archive {archive:?}"),
            ));
        }
    }
    Ok(())
}

/// Essentials exist, and following them never comes back.
fn essentials(release: &Release) -> Result<()> {
    let mut graph: BTreeMap<&SliceKey, Vec<&SliceKey>> = BTreeMap::new();
    for slice in release.slices() {
        for needed in slice.essential.keys() {
            if release.slice(needed).is_none() {
                let key = &slice.key;
                return Err(Error::new(
                    ErrorClass::Essential,
                    format!("{key} requires {needed}, but slice is missing"),
                ));
            }
        }
        graph.insert(&slice.key, slice.essential.keys().collect());
    }
    let starts: Vec<_> = graph.keys().copied().collect();
    let none = Vec::new();
    let successors = |key: &&SliceKey| graph.get(key).unwrap_or(&none).clone();
    for component in crate::select::components(&starts, successors) {
        if component.len() > 1 {
            let mut names: Vec<_> = component.iter().map(ToString::to_string).collect();
            names.sort();
            let text = format!("essential loop detected: {}", names.join(", "));
            return Err(Error::new(ErrorClass::Essential, text));
        }
    }
    Ok(())
}

/// Every preference names a package of the release.
fn prefer_targets(release: &Release, claims: &Claims<'_>) -> Result<()> {
    for (path, claims) in claims {
        for claim in claims {
            if let Some(target) = &claim.rule.prefer
                && !release.packages.contains_key(target)
            {
                let slice = claim.slice;
                return Err(Error::new(
                    ErrorClass::Prefer,
                    format!(
                        "slice {slice} path {path} 'prefer' refers to undefined package {target:?}"
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Claims on one path agree, or a preference settles them.
fn same_path(claims: &Claims<'_>, chains: &BTreeMap<String, PreferChain>) -> Result<()> {
    for (path, claims) in claims {
        let preferred = chains.contains_key(*path);
        // The first claim of each package stands for it: the others must equal it.
        let mut firsts: Vec<Claim<'_>> = Vec::new();
        for claim in claims {
            let package = claim.slice.package();
            let (same, others): (Vec<_>, Vec<_>) = firsts
                .iter()
                .copied()
                .partition(|first| first.slice.package() == package);
            if let Some(first) = same.first() {
                if !first.rule.agrees(claim.rule) {
                    return Err(conflict(first.slice, claim.slice, path));
                }
                continue;
            }
            for other in others {
                let made = !claim.rule.is_packaged() && !other.rule.is_packaged();
                let settled = preferred || (made && other.rule.agrees(claim.rule));
                if !settled {
                    return Err(conflict(other.slice, claim.slice, path));
                }
            }
            firsts.push(*claim);
        }
    }
    Ok(())
}

/// No pattern meets another path, unless both are files of one package.
fn patterns(claims: &Claims<'_>) -> Result<()> {
    let paths: Vec<_> = claims.iter().collect();
    let mut index = GlobIndex::default();
    for (number, (path, _)) in paths.iter().enumerate() {
        index.add(path, number);
    }
    let globs = paths
        .iter()
        .enumerate()
        .filter(|(_, (path, _))| crate::glob::is_glob(path));
    let mut found: BTreeSet<(&SliceKey, &SliceKey, &str, &str)> = BTreeSet::new();
    for (number, (path, own)) in globs {
        let pattern = Pattern::new(path);
        for candidate in index.candidates(path) {
            let (other, others) = &paths[candidate];
            if candidate == number {
                continue;
            }
            let mut clash = own
                .iter()
                .flat_map(|a| others.iter().map(move |b| (a, b)))
                .filter(|(a, b)| {
                    let same = a.slice.package() == b.slice.package();
                    !(same && a.rule.is_packaged() && b.rule.is_packaged())
                });
            let Some((a, b)) = clash.next() else { continue };
            if pattern.meets(&Pattern::new(other)) {
                found.insert(if a.slice < b.slice {
                    (a.slice, b.slice, path, other)
                } else {
                    (b.slice, a.slice, other, path)
                });
            }
        }
    }
    match found.first() {
        None => Ok(()),
        Some((a, b, path, other)) => Err(conflict(a, b, format_args!("{path} and {other}"))),
    }
}

/// Two slices that cannot both have their way.
fn conflict(a: &SliceKey, b: &SliceKey, on: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorClass::Conflict,
        format!("slices {a} and {b} conflict on {on}"),
    )
}
