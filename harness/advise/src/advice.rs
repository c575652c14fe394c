//! Advice: what an application needs, which slices hold it, and what is still to be defined.

use std::collections::{BTreeMap, BTreeSet};

use chisel::{Release, ReleaseFiles, SliceKey};
use model::Arch;
use serde::Serialize;

use crate::application::Application;
use crate::cover::{Cover, cover};
use crate::draft::{Draft, Drafts, drafts};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::need::Strength;
use crate::pursuit::{FileKey, Pursuit, Use};
use crate::shelf::{Library, Shelf};

/// What one application needs of one release.
#[derive(Debug, Clone, Serialize)]
pub struct Advice {
    /// The application, as it was named.
    pub application: String,
    /// The release.
    pub release: String,
    /// The architecture.
    pub arch: Arch,
    /// Slices to cut, those of drafts included, sorted.
    pub slices: Vec<AdvisedSlice>,
    /// Packages with the files that are needed, by name.
    pub packages: Vec<AdvisedPackage>,
    /// Needs that must be met and that nothing meets.
    pub missing: Vec<Missing>,
    /// Needs of some ways only that nothing meets.
    pub unmet: Vec<Missing>,
    /// Files of the application that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// For people: what was seen and not followed.
    pub notes: Vec<String>,
    /// Definitions for files that no slice of the release holds.
    pub drafts: Vec<Draft>,
}

/// A slice to cut.
#[derive(Debug, Clone, Serialize)]
pub struct AdvisedSlice {
    /// Its name.
    pub slice: SliceKey,
    /// The first file it is cut for.
    pub file: String,
    /// What needed that file.
    pub why: String,
    /// Whether it is a draft.
    pub drafted: bool,
    /// Whether another slice of the list brings it along.
    pub implied: bool,
}

/// A package of which something is needed.
#[derive(Debug, Clone, Serialize)]
pub struct AdvisedPackage {
    /// Its name.
    pub name: String,
    /// The version the archive offers.
    pub version: String,
    /// What is needed of it, by path.
    pub files: Vec<AdvisedFile>,
}

/// A file that is needed.
#[derive(Debug, Clone, Serialize)]
pub struct AdvisedFile {
    /// Its path.
    pub path: String,
    /// The slice that holds it.
    pub slice: SliceKey,
    /// Whether that slice is a draft.
    pub drafted: bool,
    /// Whether the application can do without it on some ways.
    pub optional: bool,
    /// What was needed, and by whom first.
    pub why: String,
}

/// A need that nothing meets.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// The need.
    pub need: String,
    /// Who has it.
    pub by: String,
    /// Why nothing meets it.
    pub why: String,
}

/// A file that could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct Unreadable {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// What advice is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The application's own files.
    pub application: &'r Application,
    /// Packages whose files are the application as well.
    pub packages: &'r [String],
    /// The release that slices come from.
    pub release: &'r Release,
    /// Its files.
    pub files: &'r ReleaseFiles,
    /// The architecture.
    pub arch: Arch,
    /// How much is read.
    pub limits: Limits,
}

/// Follows what the application needs through `library`, the opened archives of the release.
pub fn advise(request: Request<'_>, library: &dyn Library) -> Result<Advice> {
    let Request {
        application,
        packages,
        release,
        files,
        arch,
        limits,
    } = request;
    let mut pursuit = Pursuit::new(application, release, library, arch, limits);
    pursuit.run(packages)?;
    if !pursuit.has_taken {
        return Err(Error::Nothing(application.name.clone()));
    }
    let late = pursuit.left_late();
    if late > 0 {
        pursuit.notes.insert(format!(
            "{late} imports inside functions of the standard library are not followed: the \
             application does not import their modules itself"
        ));
    }
    let needed: BTreeSet<FileKey> = pursuit.files.keys().cloned().collect();
    let cover = cover(release, arch, &needed)?;
    let drafts = drafts(
        release,
        files,
        &mut pursuit.shelf,
        (arch, &cover),
        &pursuit.files,
    )?;
    let mut notes: Vec<String> = pursuit.notes.iter().cloned().collect();
    notes.extend(drafts.notes.iter().cloned());
    let (missing, unmet) = lacks(&pursuit);
    let bad = pursuit.bad.iter();
    Ok(Advice {
        application: application.name.clone(),
        release: release.name.clone(),
        arch,
        slices: slices(&cover, &drafts, &pursuit.files),
        packages: advised(&cover, &drafts, &pursuit.shelf, &pursuit.files),
        missing,
        unmet,
        unreadable: bad
            .map(|(path, error)| Unreadable {
                path: path.clone(),
                why: error.to_string(),
            })
            .collect(),
        notes,
        drafts: drafts.drafts,
    })
}

impl Advice {
    /// Whether everything that must be there is.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unreadable.is_empty()
    }
}

fn lacks(pursuit: &Pursuit<'_>) -> (Vec<Missing>, Vec<Missing>) {
    let (must, may): (Vec<_>, Vec<_>) = pursuit
        .lacks
        .iter()
        .partition(|(_, lack)| lack.strength == Strength::Must);
    let told = |lacks: Vec<(&String, &crate::pursuit::Lack)>| {
        let missing = lacks.into_iter().map(|(need, lack)| Missing {
            need: need.clone(),
            by: lack.from.clone(),
            why: lack.why.clone(),
        });
        missing.collect()
    };
    (told(must), told(may))
}

fn why(used: Option<&Use>) -> String {
    used.map_or_else(
        || "its licences".to_owned(),
        |used| format!("{}, needed by {}", used.need, used.from),
    )
}

fn slices(cover: &Cover, drafts: &Drafts, uses: &BTreeMap<FileKey, Use>) -> Vec<AdvisedSlice> {
    let mut found: Vec<AdvisedSlice> = cover
        .chosen
        .iter()
        .map(|(slice, file)| AdvisedSlice {
            slice: slice.clone(),
            file: file.1.clone(),
            why: why(uses.get(file)),
            drafted: false,
            implied: false,
        })
        .collect();
    let mut implied: BTreeMap<&SliceKey, &FileKey> = BTreeMap::new();
    for (file, slice) in &cover.slice_of {
        if !cover.chosen.contains_key(slice) {
            implied.entry(slice).or_insert(file);
        }
    }
    for (slice, file) in implied {
        found.push(AdvisedSlice {
            slice: slice.clone(),
            file: file.1.clone(),
            why: why(uses.get(file)),
            drafted: false,
            implied: true,
        });
    }
    for draft in &drafts.drafts {
        let first = drafts
            .slice_of
            .iter()
            .find(|(_, slice)| **slice == draft.slice);
        found.push(AdvisedSlice {
            slice: draft.slice.clone(),
            file: first.map(|(file, _)| file.1.clone()).unwrap_or_default(),
            why: why(first.and_then(|(file, _)| uses.get(file))),
            drafted: true,
            implied: false,
        });
    }
    found.sort_by(|a, b| a.slice.cmp(&b.slice));
    found
}

fn advised(
    cover: &Cover,
    drafts: &Drafts,
    shelf: &Shelf<'_>,
    uses: &BTreeMap<FileKey, Use>,
) -> Vec<AdvisedPackage> {
    let mut found: BTreeMap<&str, Vec<AdvisedFile>> = BTreeMap::new();
    for (file, used) in uses {
        let covered = cover.slice_of.get(file);
        let Some(slice) = covered.or_else(|| drafts.slice_of.get(file)) else {
            continue;
        };
        found.entry(&file.0).or_default().push(AdvisedFile {
            path: file.1.clone(),
            slice: slice.clone(),
            drafted: covered.is_none(),
            optional: used.strength != Strength::Must,
            why: why(Some(used)),
        });
    }
    for (package, path) in &drafts.beside {
        let Ok(slice) = format!("{package}_copyright").parse() else {
            continue;
        };
        found.entry(package).or_default().push(AdvisedFile {
            path: path.clone(),
            slice,
            drafted: true,
            optional: false,
            why: why(None),
        });
    }
    let package = |(name, files): (&str, Vec<AdvisedFile>)| AdvisedPackage {
        name: name.to_owned(),
        version: shelf
            .package(name)
            .map(|opened| opened.record.version.clone())
            .unwrap_or_default(),
        files,
    };
    found.into_iter().map(package).collect()
}
