//! Whether the packages of a release's archives agree about what no slice says: the folders that
//! listed paths stand in.

use std::collections::{BTreeMap, BTreeSet};

use deb::EntryKind;
use model::Arch;
use rayon::prelude::*;
use serde::Serialize;

use crate::cut::{SliceNames, Wants, open, parent};
use crate::error::Result;
use crate::release::Release;
use crate::select::{Selection, select};
use crate::source::{PackageRecord, PackageSource};

/// What was found.
#[derive(Debug, Default)]
pub struct ArchivesChecked {
    /// Where packages disagree, by path.
    pub issues: Vec<ArchiveIssue>,
    /// What could not be looked at, in words.
    pub notes: Vec<String>,
}

/// One path that packages disagree about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveIssue {
    /// `path-conflict`.
    pub issue: &'static str,
    /// The folder, without a slash at its end.
    pub path: String,
    /// Who says what.
    pub observations: Vec<Observation>,
}

/// The packages of one archive that say the same of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// The archive of the release.
    pub archive: String,
    /// The packages, sorted.
    pub packages: Vec<String>,
    /// `dir`.
    pub kind: &'static str,
    /// Its mode, octal with a leading zero.
    pub mode: String,
}

/// How many packages are fetched and held at a time.
const AT_ONCE: usize = 16;

/// Reads every package of `release` that has slices on `arch`, from each archive that holds it, and
/// compares the folders that listed paths stand in and that no slice of the package lists. `fetch`
/// brings packages to where `source` opens them.
pub fn check_archives(
    release: &Release,
    arch: Arch,
    source: &dyn PackageSource,
    fetch: &dyn Fn(&[PackageRecord]) -> Result<()>,
) -> Result<ArchivesChecked> {
    let all: Vec<_> = release.slices().map(|slice| slice.key.clone()).collect();
    let selection = select(release, &all, arch)?;
    let names = SliceNames::of(&selection);
    let mut checked = ArchivesChecked::default();
    let mut records = Vec::new();
    for package in release.packages.keys() {
        let mut held = false;
        for archive in release.archives.keys() {
            let found = source.lookup(package, arch, Some(archive))?;
            held |= found.is_some();
            records.extend(found);
        }
        if !held {
            checked
                .notes
                .push(format!("package {package:?} is in no archive for {arch}"));
        }
    }
    // Path, then archive and mode, then packages.
    let mut seen: BTreeMap<String, BTreeMap<(String, u32), BTreeSet<String>>> = BTreeMap::new();
    for some in records.chunks(AT_ONCE) {
        fetch(some)?;
        let folders: Vec<BTreeMap<String, u32>> = some
            .par_iter()
            .map(|record| folders(&selection, &names, record, source))
            .collect::<Result<_>>()?;
        for (record, folders) in some.iter().zip(folders) {
            for (path, mode) in folders {
                let by = (record.archive.clone(), mode);
                let packages = seen.entry(path).or_default().entry(by).or_default();
                packages.insert(record.name.clone());
            }
        }
    }
    checked.issues = seen.into_iter().filter_map(issue).collect();
    Ok(checked)
}

/// The folders with their modes that stand in the package, hold something listed, and are not
/// listed themselves.
fn folders(
    selection: &Selection<'_>,
    names: &SliceNames,
    record: &PackageRecord,
    source: &dyn PackageSource,
) -> Result<BTreeMap<String, u32>> {
    let name = &record.name;
    let within = |error: crate::Error| error.within(format_args!("package {name:?}"));
    let wants = Wants::of(selection, name, names);
    let package = open(name, &source.open(record)?).map_err(within)?;
    let mut modes = BTreeMap::new();
    let (mut seen, mut listed, mut needed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entry in package.entries() {
        let folder = matches!(entry.kind, EntryKind::Dir);
        let path = if folder {
            format!("{}/", entry.path)
        } else {
            entry.path.clone()
        };
        if !wants.claims(&path, &mut seen).is_empty() {
            let mut at = parent(&path);
            while at != "/" {
                needed.insert(at.to_owned());
                at = parent(at);
            }
            listed.insert(path.clone());
        }
        if folder {
            modes.insert(path, entry.mode);
        }
    }
    modes.retain(|path, _| needed.contains(path) && !listed.contains(path));
    Ok(modes)
}

fn issue((path, by): (String, BTreeMap<(String, u32), BTreeSet<String>>)) -> Option<ArchiveIssue> {
    let modes: BTreeSet<u32> = by.keys().map(|(_, mode)| *mode).collect();
    if modes.len() < 2 {
        return None;
    }
    let observation =
        |((archive, mode), packages): ((String, u32), BTreeSet<String>)| Observation {
            archive,
            packages: packages.into_iter().collect(),
            kind: "dir",
            mode: format!("0{mode:o}"),
        };
    let mut observations: Vec<Observation> = by.into_iter().map(observation).collect();
    observations.sort_by(|a, b| (&a.archive, &a.packages).cmp(&(&b.archive, &b.packages)));
    Some(ArchiveIssue {
        issue: "path-conflict",
        path: path.trim_end_matches('/').to_owned(),
        observations,
    })
}

impl ArchivesChecked {
    /// The issues as the reference prints them.
    pub fn yaml(&self) -> String {
        let mut text = String::new();
        for issue in &self.issues {
            let path = crate::info::plain(&issue.path);
            text.push_str(&format!("- issue: {}\n  path: {path}\n", issue.issue));
            text.push_str("  observations:\n");
            for seen in &issue.observations {
                let archive = crate::info::plain(&seen.archive);
                let packages = seen.packages.join(", ");
                text.push_str(&format!(
                    "    - archive: {archive}\n      packages: [{packages}]\n"
                ));
                text.push_str(&format!(
                    "      kind: {}\n      mode: {}\n",
                    seen.kind, seen.mode
                ));
            }
        }
        text
    }
}
