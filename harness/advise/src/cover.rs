//! Which slices of a release hold the files that are needed.

use std::collections::{BTreeMap, BTreeSet};

use chisel::{Package, PathKind, PathRule, Pattern, Release, Slice, SliceKey};
use model::Arch;

use crate::error::Result;
use crate::pursuit::FileKey;

/// Slices that hold needed files, and the files that none holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cover {
    /// Chosen slices, each with the first file it was chosen for.
    pub(crate) chosen: BTreeMap<SliceKey, FileKey>,
    /// The slice of each file.
    pub(crate) slice_of: BTreeMap<FileKey, SliceKey>,
    /// Files in no slice.
    pub(crate) rest: BTreeSet<FileKey>,
}

/// Whether a slice of the package holds `path`.
pub(crate) fn holds(package: &Package, path: &str, arch: Arch) -> bool {
    package
        .slices
        .values()
        .any(|slice| slice_holds(slice, path, arch))
}

fn slice_holds(slice: &Slice, path: &str, arch: Arch) -> bool {
    let rules = slice.contents.iter().filter(|(_, rule)| rule.is_on(arch));
    let mut rules = rules.filter(|(_, rule)| !rule.until_mutate);
    rules.any(|(pattern, rule)| rule_holds(pattern, rule, path))
}

fn rule_holds(pattern: &str, rule: &PathRule, path: &str) -> bool {
    match &rule.kind {
        PathKind::Copy { from } => from == path && pattern == path,
        PathKind::Glob => Pattern::new(pattern).meets(&Pattern::literal(path)),
        PathKind::Text(_) | PathKind::Symlink(_) => pattern == path,
        PathKind::Make | PathKind::Generate(_) => false,
    }
}

/// Chooses slices for `files`: file by file, of the slices that hold one that brings the fewest
/// further paths along. What a chosen slice needs counts as chosen.
pub(crate) fn cover(release: &Release, arch: Arch, files: &BTreeSet<FileKey>) -> Result<Cover> {
    let mut found = Cover::default();
    let mut selected: BTreeSet<SliceKey> = BTreeSet::new();
    // Files that fewer slices hold leave less choice: they go first.
    let mut holders: Vec<(Vec<&Slice>, &FileKey)> = files
        .iter()
        .map(|file| (holders(release, arch, file), file))
        .collect();
    holders.sort_by_key(|(slices, file)| (slices.len(), *file));
    for (slices, file) in holders {
        if let Some(slice) = slices.iter().find(|slice| selected.contains(&slice.key)) {
            found.slice_of.insert(file.clone(), slice.key.clone());
            continue;
        }
        let mut best: Option<(usize, &Slice, Vec<SliceKey>)> = None;
        for slice in slices {
            let closure = chisel::select(release, std::slice::from_ref(&slice.key), arch)?;
            let fresh = closure.slices.iter().filter(|s| !selected.contains(&s.key));
            let paths = fresh.map(|slice| weight(slice)).sum();
            if best.as_ref().is_none_or(|(least, ..)| paths < *least) {
                let keys = closure.slices.iter().map(|slice| slice.key.clone());
                best = Some((paths, slice, keys.collect()));
            }
        }
        match best {
            Some((_, slice, closure)) => {
                found.chosen.insert(slice.key.clone(), file.clone());
                found.slice_of.insert(file.clone(), slice.key.clone());
                selected.extend(closure);
            }
            None => drop(found.rest.insert(file.clone())),
        }
    }
    Ok(found)
}

fn holders<'r>(release: &'r Release, arch: Arch, (package, path): &FileKey) -> Vec<&'r Slice> {
    let package = release.packages.get(package);
    let slices = package
        .into_iter()
        .flat_map(|package| package.slices.values());
    slices
        .filter(|slice| slice_holds(slice, path, arch))
        .collect()
}

/// How much a slice brings: a pattern over folders may be much.
fn weight(slice: &Slice) -> usize {
    let of = |path: &String| if path.contains("**") { 20 } else { 1 };
    1 + slice.contents.keys().map(of).sum::<usize>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::release;

    const P: &str = "\
package: pp
slices:
  all:
    contents:
      /usr/lib/**:
  libs:
    essential:
      pp_base:
    contents:
      /usr/lib/*-linux-*/liba.so.1*:
  base:
    contents:
      /usr/bin/a:
      /etc/other: {arch: arm64}
";

    #[test]
    fn the_smallest_slice_that_holds_a_file() {
        let release = release(&[("pp", P)]);
        let key = |path: &str| ("pp".to_owned(), path.to_owned());
        let lib = key("/usr/lib/x86_64-linux-gnu/liba.so.1.2");
        let files = BTreeSet::from([lib.clone(), key("/usr/bin/a"), key("/etc/other")]);
        let cover = cover(&release, Arch::Amd64, &files).unwrap();
        let chosen: Vec<String> = cover.chosen.keys().map(ToString::to_string).collect();
        assert_eq!(chosen, ["pp_base", "pp_libs"]);
        assert_eq!(cover.slice_of[&lib].to_string(), "pp_libs");
        assert_eq!(cover.rest, BTreeSet::from([key("/etc/other")]));
    }
}
