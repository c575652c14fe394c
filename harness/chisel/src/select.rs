//! The selection: the slices asked for, what they need, and the order they are worked in.

use std::collections::{BTreeMap, BTreeSet};

use model::Arch;

use crate::error::{Error, ErrorClass, Result};
use crate::release::{Release, Slice, SliceKey};

/// The slices of a cut in working order: essentials before those who need them.
#[derive(Debug, Clone)]
pub struct Selection<'r> {
    /// The release they come from.
    pub release: &'r Release,
    /// The architecture that essentials and paths are filtered by.
    pub arch: Arch,
    /// The slices, in order.
    pub slices: Vec<&'r Slice>,
}

impl<'r> Selection<'r> {
    /// The packages of the slices, each at its first slice's place.
    pub fn packages(&self) -> Vec<&'r str> {
        let mut seen = BTreeSet::new();
        self.slices
            .iter()
            .map(|slice| slice.key.package())
            .filter(|package| seen.insert(*package))
            .collect()
    }
}

/// Selects `wanted` and everything they need on `arch`. The order depends on names alone, not on
/// the order of `wanted`.
pub fn select<'r>(release: &'r Release, wanted: &[SliceKey], arch: Arch) -> Result<Selection<'r>> {
    let mut open: Vec<&Slice> = Vec::new();
    for key in wanted {
        let package = release.packages.get(key.package()).ok_or_else(|| {
            let package = key.package();
            missing(format!("slices of package {package:?} not found"))
        })?;
        let slice = package.slices.get(key.slice());
        open.push(slice.ok_or_else(|| missing(format!("slice {key} not found")))?);
    }
    let mut selected: BTreeMap<&SliceKey, &Slice> = BTreeMap::new();
    while let Some(slice) = open.pop() {
        if selected.insert(&slice.key, slice).is_none() {
            open.extend(needs(release, slice, arch));
        }
    }
    let starts: Vec<_> = selected.keys().copied().collect();
    let successors = |key: &&'r SliceKey| match selected.get(key) {
        Some(slice) => needs(release, slice, arch)
            .map(|slice| &slice.key)
            .collect(),
        None => Vec::new(),
    };
    // The release has no loops, so every component is a single slice.
    let order = components(&starts, successors).into_iter().flatten();
    let slices = order.filter_map(|key| selected.get(key).copied()).collect();
    Ok(Selection {
        release,
        arch,
        slices,
    })
}

/// The slices that `slice` needs on `arch`, by name.
fn needs<'r>(
    release: &'r Release,
    slice: &'r Slice,
    arch: Arch,
) -> impl Iterator<Item = &'r Slice> + use<'r> {
    let on = slice
        .essential
        .iter()
        .filter(move |(_, options)| options.is_on(arch));
    on.filter_map(|(key, _)| release.slice(key))
}

/// A slice or package that does not exist.
fn missing(text: String) -> Error {
    Error::new(ErrorClass::Reference, text)
}

/// The strongly connected components of a graph, each after all that it leads to; begun at
/// `starts` in order, successors followed in order (Tarjan 1972, without recursion).
pub(crate) fn components<K: Ord + Copy>(
    starts: &[K],
    successors: impl Fn(&K) -> Vec<K>,
) -> Vec<Vec<K>> {
    struct Frame<K> {
        key: K,
        next: std::vec::IntoIter<K>,
    }
    let mut numbers: BTreeMap<K, usize> = BTreeMap::new();
    let mut lows: BTreeMap<K, usize> = BTreeMap::new();
    let mut on_path: BTreeSet<K> = BTreeSet::new();
    let mut path: Vec<K> = Vec::new();
    let mut found = Vec::new();
    for &start in starts {
        if numbers.contains_key(&start) {
            continue;
        }
        let mut frames: Vec<Frame<K>> = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(key) = enter.take() {
                let number = numbers.len();
                numbers.insert(key, number);
                lows.insert(key, number);
                path.push(key);
                on_path.insert(key);
                frames.push(Frame {
                    key,
                    next: successors(&key).into_iter(),
                });
            }
            let Some(frame) = frames.last_mut() else {
                break;
            };
            let key = frame.key;
            let low = lows.get(&key).copied().unwrap_or_default();
            if let Some(next) = frame.next.next() {
                match numbers.get(&next) {
                    None => enter = Some(next),
                    Some(&number) if on_path.contains(&next) => {
                        lows.insert(key, low.min(number));
                    }
                    Some(_) => {}
                }
                continue;
            }
            frames.pop();
            if let Some(parent) = frames.last() {
                let own = lows.get(&parent.key).copied().unwrap_or_default();
                lows.insert(parent.key, own.min(low));
            }
            if numbers.get(&key) == Some(&low) {
                let from = path
                    .iter()
                    .rposition(|&other| other == key)
                    .unwrap_or_default();
                let component = path.split_off(from);
                component.iter().for_each(|key| {
                    on_path.remove(key);
                });
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_after_what_they_lead_to() {
        let graph: BTreeMap<u32, Vec<u32>> = BTreeMap::from([
            (1, vec![2, 3]),
            (2, vec![4]),
            (3, vec![4]),
            (4, vec![]),
            (5, vec![6]),
            (6, vec![7]),
            (7, vec![5, 1]),
        ]);
        let starts: Vec<_> = graph.keys().copied().collect();
        let mut found = components(&starts, |key| graph[key].clone());
        found
            .iter_mut()
            .for_each(|component| component.sort_unstable());
        assert_eq!(found, [vec![4], vec![2], vec![3], vec![1], vec![5, 6, 7]]);
    }
}
