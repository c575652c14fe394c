//! Reading one package: everything wanted of it, straight from its stream.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use deb::{DebReader, EntryKind, Limits, PackageFault, TarFault};
use rootfs::Blob;

use super::want::{Claim, Wants};
use crate::error::{Error, ErrorClass, Result};
use crate::metadata::{ContentsReader, PackageContents};
use crate::source::{PackageRecord, PackageSource};

/// What one package contributes, in the order of its archive.
#[derive(Debug)]
pub(super) struct Payload<'w> {
    pub(super) steps: Vec<Step<'w>>,
    /// What the package says of itself, whatever is taken of it.
    pub(super) contents: PackageContents,
}

/// One entry of the archive.
#[derive(Debug)]
pub(super) enum Step<'w> {
    /// A folder: what comes later and needs it as a parent makes it with this mode.
    Mode {
        path: String,
        mode: u32,
    },
    Pick(Pick<'w>),
}

/// One entry that somebody wants.
#[derive(Debug)]
pub(super) struct Pick<'w> {
    /// Its path in the package; folders end in a slash.
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) what: Picked,
    /// Who wants it; empty for a folder that only made paths stand in.
    pub(super) claims: Vec<&'w Claim>,
}

/// The content of a picked entry.
#[derive(Debug)]
pub(super) enum Picked {
    Folder,
    File(Blob),
    Link(String),
    /// Another name of the package's path `to`, with the content and mode found there.
    Hard {
        to: String,
        target: HardTarget,
    },
}

/// What a hard link leads to.
#[derive(Debug)]
pub(super) enum HardTarget {
    File { blob: Blob, mode: u32 },
    Link(String),
}

/// Opens the package of `record` and picks what `wants` names. Contents are hashed here, so that
/// packages read in parallel are hashed in parallel.
pub(super) fn read<'w>(
    source: &dyn PackageSource,
    record: &PackageRecord,
    wants: &'w Wants,
) -> Result<Payload<'w>> {
    let name = &record.name;
    let bytes = source.open(record)?;
    let within = |error: Error| error.within(format_args!("cannot extract from package {name:?}"));
    let package = open(name, &bytes).map_err(within)?;
    pick(package, wants).map_err(within)
}

/// Reads the whole package file.
pub(crate) fn open(name: &str, bytes: &Bytes) -> Result<DebReader> {
    DebReader::read(name, bytes, &Limits::PACKAGE).map_err(|error| {
        let class = match &error.fault {
            PackageFault::Tar {
                fault: TarFault::Hardlink { .. },
                ..
            } => ErrorClass::Tree,
            _ => ErrorClass::Payload,
        };
        Error::caused_by(class, error.fault.to_string(), error)
    })
}

/// Goes through the entries once.
fn pick(package: DebReader, wants: &Wants) -> Result<Payload<'_>> {
    let mut contents: BTreeMap<String, HardTarget> = BTreeMap::new();
    let mut steps = Vec::new();
    let mut seen = BTreeSet::new();
    let mut contents_of = ContentsReader::begin(package.name(), package.control());
    let mut early = Vec::new();
    let entries = package.into_entries();
    let linked = linked(&entries);
    for entry in entries {
        if entry.path == "/" {
            continue;
        }
        let folder = matches!(entry.kind, EntryKind::Dir);
        let path = if folder {
            format!("{}/", entry.path)
        } else {
            entry.path
        };
        if folder {
            steps.push(Step::Mode {
                path: path.clone(),
                mode: entry.mode,
            });
        }
        let claims = wants.claims(&path, &mut seen);
        let targets = claims.iter().filter_map(|claim| claim.target.as_deref());
        contents_of.see(&path, &entry.kind, targets);
        let wanted = !claims.is_empty() || (folder && wants.is_folder_of_made(&path));
        if !wanted && !linked.contains(&path) {
            continue;
        }
        if let EntryKind::Hardlink(to) = &entry.kind
            && !contents.contains_key(to)
        {
            if wanted {
                early.push((path, to.clone(), claims));
            }
            continue;
        }
        let Some(what) = picked(entry.kind, &path, &contents)? else {
            if wanted {
                let text = format!("unsupported file type: {path}");
                return Err(Error::new(ErrorClass::Tree, text));
            }
            continue;
        };
        if linked.contains(&path)
            && let Some(target) = HardTarget::of(&what, entry.mode)
        {
            contents.insert(path.clone(), target);
        }
        if wanted {
            if let Picked::File(blob) = &what {
                blob.digest();
            }
            steps.push(Step::Pick(Pick {
                path,
                mode: entry.mode,
                what,
                claims,
            }));
        }
    }
    steps.extend(links_before_their_file(early, &contents)?);
    match missing(&wants.missing(&seen)) {
        None => Ok(Payload {
            steps,
            contents: contents_of.finish(),
        }),
        Some(text) => Err(Error::new(ErrorClass::Content, text)),
    }
}

/// The paths that other names lead to.
fn linked(entries: &[deb::Entry]) -> BTreeSet<String> {
    entries
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::Hardlink(to) => Some(to.clone()),
            _ => None,
        })
        .collect()
}

/// Links that came before the file they lead to. As with the reference the first that is wanted
/// becomes a file of its own, with the content and mode of that file, and the others its names.
fn links_before_their_file<'w>(
    early: Vec<(String, String, Vec<&'w Claim>)>,
    contents: &BTreeMap<String, HardTarget>,
) -> Result<Vec<Step<'w>>> {
    let mut firsts: BTreeMap<String, String> = BTreeMap::new();
    let mut steps = Vec::new();
    for (path, to, claims) in early {
        let (what, mode) = match (firsts.get(&to), find(contents, &path, &to)?) {
            (None, HardTarget::File { blob, mode }) => {
                blob.digest();
                firsts.insert(to, path.clone());
                (Picked::File(blob), mode)
            }
            (Some(first), target @ HardTarget::File { mode, .. }) => {
                let to = first.clone();
                (Picked::Hard { to, target }, mode)
            }
            (_, HardTarget::Link(target)) => (Picked::Link(target), 0o777),
        };
        steps.push(Step::Pick(Pick {
            path,
            mode,
            what,
            claims,
        }));
    }
    Ok(steps)
}

/// What the link `path` leads to.
fn find(contents: &BTreeMap<String, HardTarget>, path: &str, to: &str) -> Result<HardTarget> {
    contents.get(to).map(HardTarget::same).ok_or_else(|| {
        let text = format!("cannot create hard link {path}: no content at {to}");
        Error::new(ErrorClass::Tree, text)
    })
}

/// The content of an entry; none for devices and pipes. `contents` are those that links lead to.
fn picked(
    kind: EntryKind,
    path: &str,
    contents: &BTreeMap<String, HardTarget>,
) -> Result<Option<Picked>> {
    Ok(Some(match kind {
        EntryKind::Dir => Picked::Folder,
        EntryKind::File(bytes) => Picked::File(Blob::new(bytes)),
        EntryKind::Symlink(target) => Picked::Link(target),
        EntryKind::Hardlink(to) => {
            let target = find(contents, path, &to)?;
            Picked::Hard { to, target }
        }
        EntryKind::Char { .. } | EntryKind::Block { .. } | EntryKind::Fifo => return Ok(None),
    }))
}

/// Says what was asked for and is not there.
fn missing(paths: &[&str]) -> Option<String> {
    match paths {
        [] => None,
        [path] => Some(format!("no content at {path}")),
        paths => {
            let list: String = paths.iter().map(|path| format!("\n- {path}")).collect();
            Some(format!("no content at:{list}"))
        }
    }
}

impl HardTarget {
    fn of(what: &Picked, mode: u32) -> Option<Self> {
        match what {
            Picked::File(blob) => Some(Self::File {
                blob: blob.clone(),
                mode,
            }),
            Picked::Link(target) => Some(Self::Link(target.clone())),
            Picked::Hard { target, .. } => Some(target.same()),
            Picked::Folder => None,
        }
    }

    fn same(&self) -> Self {
        match self {
            Self::File { blob, mode } => Self::File {
                blob: blob.clone(),
                mode: *mode,
            },
            Self::Link(target) => Self::Link(target.clone()),
        }
    }
}
