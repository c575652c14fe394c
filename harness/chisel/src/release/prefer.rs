//! The `prefer` relations of a path: a chain of packages in which the last one provides it.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Claim;
use crate::error::{Error, ErrorClass, Result};

/// The packages of one path from the one that yields first to the one that wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PreferChain {
    order: Vec<String>,
}

impl PreferChain {
    /// Reads the relations among `claims` on `path`; none if no claim has one.
    pub(super) fn read(path: &str, claims: &[Claim<'_>]) -> Result<Option<Self>> {
        let mut next: BTreeMap<&str, &str> = BTreeMap::new();
        for claim in claims {
            let Some(target) = claim.rule.prefer.as_deref() else {
                continue;
            };
            if let Some(other) = next.insert(claim.slice.package(), target)
                && other != target
            {
                let package = claim.slice.package();
                return Err(fail(format!(
                    "package {package:?} has conflicting prefers for {path}: {other} != {target}"
                )));
            }
        }
        if next.is_empty() {
            return Ok(None);
        }
        let mut yields: BTreeMap<&str, &str> = BTreeMap::new();
        for (package, target) in &next {
            if let Some(other) = yields.insert(target, package) {
                return Err(fail(format!(
                    "packages {other:?} and {package:?} cannot both prefer {target:?} for {path}"
                )));
            }
        }
        for start in next.keys() {
            let mut at = *start;
            let mut seen = BTreeSet::new();
            while let Some(target) = next.get(at) {
                if !seen.insert(at) {
                    return Err(fail(format!(
                        "package {at:?} is part of a prefer loop on {path}"
                    )));
                }
                at = target;
            }
        }
        Ok(Some(Self {
            order: Self::order(path, claims, &next, &yields)?,
        }))
    }

    /// Lines the packages up; two that no chain links are an error.
    fn order(
        path: &str,
        claims: &[Claim<'_>],
        next: &BTreeMap<&str, &str>,
        yields: &BTreeMap<&str, &str>,
    ) -> Result<Vec<String>> {
        let packages: BTreeSet<_> = claims.iter().map(|claim| claim.slice.package()).collect();
        let first = packages.first().copied().unwrap_or_default();
        let mut at = first;
        while let Some(lower) = yields.get(at) {
            at = lower;
        }
        let mut order = vec![at.to_owned()];
        while let Some(target) = next.get(at) {
            order.push((*target).to_owned());
            at = target;
        }
        if let Some(apart) = packages
            .iter()
            .find(|p| !order.iter().any(|linked| linked == *p))
        {
            return Err(fail(format!(
                "package {first:?} and {apart:?} conflict on {path} without prefer relationship"
            )));
        }
        for (package, target) in next {
            if !packages.contains(target) {
                return Err(fail(format!(
                    "package {package} prefers package {target:?} which does not contain path \
                     {path}"
                )));
            }
        }
        Ok(order)
    }

    /// The package among `selected` that provides the path.
    pub(crate) fn winner<'s>(&self, selected: &BTreeSet<&'s str>) -> Option<&'s str> {
        self.order
            .iter()
            .rev()
            .find_map(|package| selected.get(package.as_str()).copied())
    }
}

/// An error about a relation.
fn fail(text: String) -> Error {
    Error::new(ErrorClass::Prefer, text)
}
