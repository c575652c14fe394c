//! Drafts: slice definitions for what no slice holds yet.

mod contents;
mod overlay;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use chisel::{Format, Release, ReleaseFiles, SliceKey};
use deb::EntryKind;
use model::Arch;

use crate::cover::Cover;
use crate::error::{Error, Result};
use crate::paths;
use crate::pursuit::{FileKey, Use};
use crate::shelf::Shelf;

pub use overlay::Overlay;

use contents::{Wording, contents};

/// A definition that was written, or written anew with one slice more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Draft {
    /// The package.
    pub package: String,
    /// The slice that was added.
    pub slice: SliceKey,
    /// The definition's place in a release.
    pub file: String,
    /// The whole definition.
    pub text: String,
    /// Whether the release had no definition of the package.
    pub is_new: bool,
}

/// Drafts and the slices of drafted files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drafts {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) slice_of: BTreeMap<FileKey, SliceKey>,
    /// Files that drafts add beyond what is needed: copyright texts.
    pub(crate) beside: BTreeSet<FileKey>,
    pub(crate) notes: Vec<String>,
}

/// What a draft is made of.
struct Sketch<'s> {
    package: &'s str,
    slice: String,
    files: BTreeSet<&'s str>,
    copyright: Option<Copyright>,
}

/// Where the text of a package's licences is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Copyright {
    /// The package's own file.
    Own,
    /// Its documentation folder is a link to that of another package.
    Of(String),
}

/// Writes definitions for the files of `cover.rest`. Tried with wildcards first; when the release's
/// own rules refuse them, with exact paths.
pub(crate) fn drafts(
    release: &Release,
    files: &ReleaseFiles,
    shelf: &mut Shelf<'_>,
    (arch, cover): (Arch, &Cover),
    uses: &BTreeMap<FileKey, Use>,
) -> Result<Drafts> {
    let mut rest = cover.rest.clone();
    let copyrights = copyrights(release, shelf, &mut rest)?;
    let sketches = sketches(release, &rest, &copyrights);
    let mut slice_of = BTreeMap::new();
    for sketch in &sketches {
        let key: SliceKey = format!("{}_{}", sketch.package, sketch.slice).parse()?;
        for path in &sketch.files {
            slice_of.insert((sketch.package.to_owned(), (*path).to_owned()), key.clone());
        }
    }
    let mut last = None;
    for wording in [Wording::Wide, Wording::Exact] {
        let mut found = write(
            release,
            files,
            shelf,
            (arch, wording),
            cover,
            &sketches,
            uses,
        )?;
        found.slice_of.clone_from(&slice_of);
        match Overlay::new(files, &found.drafts).check() {
            Ok(()) => return Ok(found),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error),
        None => Ok(Drafts::default()),
    }
}

/// Where each drafted package's copyright is; packages that only have that are drafted too.
fn copyrights(
    release: &Release,
    shelf: &mut Shelf<'_>,
    rest: &mut BTreeSet<FileKey>,
) -> Result<BTreeMap<String, Copyright>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<String> = rest.iter().map(|(package, _)| package.clone()).collect();
    while let Some(name) = open.pop() {
        if found.contains_key(&name) || release.packages.contains_key(&name) {
            continue;
        }
        shelf.open(std::slice::from_ref(&name), release)?;
        let Some(opened) = shelf.package(&name) else {
            continue;
        };
        let folder = format!("/usr/share/doc/{name}");
        let kind = |path: &str| opened.entries.get(path).map(|entry| &entry.kind);
        if let Some(EntryKind::Symlink(target)) = kind(&folder) {
            let end = paths::target(&folder, target);
            let other = end.rsplit('/').next().unwrap_or_default().to_owned();
            found.insert(name, Copyright::Of(other.clone()));
            open.push(other);
        } else if kind(&format!("{folder}/copyright")).is_some() {
            found.insert(name, Copyright::Own);
        }
    }
    // A package that is needed for its copyright alone.
    for name in found.keys() {
        if !rest.iter().any(|(package, _)| package == name) {
            rest.insert((name.clone(), String::new()));
        }
    }
    Ok(found)
}

fn sketches<'s>(
    release: &Release,
    rest: &'s BTreeSet<FileKey>,
    copyrights: &BTreeMap<String, Copyright>,
) -> Vec<Sketch<'s>> {
    let mut by_package: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (package, path) in rest {
        let files = by_package.entry(package).or_default();
        if !path.is_empty() {
            files.insert(path);
        }
    }
    let sketch = |(package, files): (&'s str, BTreeSet<&'s str>)| Sketch {
        slice: match release.packages.get(package) {
            Some(known) => free_name(&known.slices),
            None => name(&files).to_owned(),
        },
        copyright: copyrights.get(package).cloned(),
        package,
        files,
    };
    by_package.into_iter().map(sketch).collect()
}

/// What the slice of a new definition is called.
fn name(files: &BTreeSet<&str>) -> &'static str {
    let is_program = |path: &&str| {
        ["/usr/bin/", "/usr/sbin/"]
            .iter()
            .any(|f| path.starts_with(f))
    };
    if files.is_empty() {
        "copyright"
    } else if files.iter().any(is_program) {
        "bins"
    } else if files.iter().all(|path| path.contains(".so")) {
        "libs"
    } else {
        "core"
    }
}

fn free_name<T>(slices: &BTreeMap<String, T>) -> String {
    let names = (1..).map(|at| match at {
        1 => "advised".to_owned(),
        at => format!("advised-{at}"),
    });
    let mut free = names.filter(|name| !slices.contains_key(name));
    free.next().unwrap_or_default()
}

fn write(
    release: &Release,
    files: &ReleaseFiles,
    shelf: &Shelf<'_>,
    (arch, wording): (Arch, Wording),
    cover: &Cover,
    sketches: &[Sketch<'_>],
    uses: &BTreeMap<FileKey, Use>,
) -> Result<Drafts> {
    let mut found = Drafts::default();
    let essentials = essentials(cover, sketches, uses, &mut found.notes)?;
    for sketch in sketches {
        let Some(opened) = shelf.package(sketch.package) else {
            continue;
        };
        let package = sketch.package.to_owned();
        let key: SliceKey = format!("{package}_{}", sketch.slice).parse()?;
        let contents = contents(opened, &sketch.files, (arch, wording));
        let needs = essentials.get(sketch.package).cloned().unwrap_or_default();
        let style = match release.format {
            Format::V3 => text::Style::Map,
            _ => text::Style::List,
        };
        let slice = text::slice(&sketch.slice, &needs, &contents, style);
        let (file, text) = match release.packages.get(&package) {
            Some(known) => {
                let old = files.iter().find(|(path, _)| *path == known.file);
                let old = String::from_utf8_lossy(old.map(|(_, bytes)| bytes).unwrap_or_default());
                let text = text::extended(&old, &slice);
                let text = text.ok_or_else(|| Error::Unextendable(known.file.clone()))?;
                (known.file.clone(), text)
            }
            None => {
                if sketch.copyright.is_none() {
                    found
                        .notes
                        .push(format!("package {package} has no copyright file"));
                }
                let copyright = sketch.copyright.as_ref();
                found
                    .beside
                    .extend(copyright.map(|copyright| (package.clone(), copyright.path(&package))));
                let text = text::definition(&package, copyright, style, &slice);
                (format!("slices/{package}.yaml"), text)
            }
        };
        found.drafts.push(Draft {
            is_new: !release.packages.contains_key(&package),
            package,
            slice: key,
            file,
            text,
        });
    }
    Ok(found)
}

impl Copyright {
    fn path(&self, package: &str) -> String {
        match self {
            Self::Own => format!("/usr/share/doc/{package}/copyright"),
            Self::Of(_) => format!("/usr/share/doc/{package}"),
        }
    }
}

/// The slices that drafted slices need, by package. Drafts that need each other would be a loop,
/// which no release may have: such needs are left out, since both are advised anyway.
fn essentials(
    cover: &Cover,
    sketches: &[Sketch<'_>],
    uses: &BTreeMap<FileKey, Use>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, BTreeSet<SliceKey>>> {
    let drafted: BTreeMap<&str, &Sketch<'_>> = sketches
        .iter()
        .map(|sketch| (sketch.package, sketch))
        .collect();
    let mut found: BTreeMap<String, BTreeSet<SliceKey>> = BTreeMap::new();
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for sketch in sketches {
        for path in &sketch.files {
            let key = (sketch.package.to_owned(), (*path).to_owned());
            for need in uses.get(&key).into_iter().flat_map(|used| &used.needs) {
                if let Some(slice) = cover.slice_of.get(need) {
                    found
                        .entry(sketch.package.to_owned())
                        .or_default()
                        .insert(slice.clone());
                } else if let Some((name, _)) = drafted.get_key_value(need.0.as_str())
                    && *name != sketch.package
                {
                    arrows.entry(sketch.package).or_default().insert(name);
                }
            }
        }
    }
    for (from, others) in &arrows {
        for other in others {
            if reaches(&arrows, other, from) {
                notes.push(format!(
                    "drafts of {from} and {other} need each other: left out"
                ));
                continue;
            }
            if let Some(sketch) = drafted.get(other) {
                let key = format!("{other}_{}", sketch.slice).parse()?;
                found.entry((*from).to_owned()).or_default().insert(key);
            }
        }
    }
    Ok(found)
}

fn reaches(arrows: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(arrows.get(at).into_iter().flatten());
        }
    }
    false
}
