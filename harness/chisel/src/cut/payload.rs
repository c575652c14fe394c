//! Reading one package: everything wanted of it, straight from its stream.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use deb::{DebReader, EntryKind, Limits, PackageFault, TarFault};
use rootfs::{Blob, Spool};

use super::passing;
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
/// packages read in parallel are hashed in parallel. With a `spool` nothing is held but what is
/// wanted, and large contents are not either.
pub(super) fn read<'w>(
    source: &dyn PackageSource,
    record: &PackageRecord,
    wants: &'w Wants,
    spool: Option<&Spool>,
) -> Result<Payload<'w>> {
    let name = &record.name;
    let bytes = source.open(record)?;
    if let Some(spool) = spool
        && let Some(payload) = passing::read(name, &bytes, wants, spool)
    {
        return Ok(payload);
    }
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
    let mut picking = Picking::begin(package.name(), package.control(), wants);
    let entries = package.into_entries();
    let linked = linked(&entries);
    for entry in entries {
        let is_linked = match linked.contains(&entry.path) {
            true => Linked::Yes,
            false => Linked::No,
        };
        let (entry, content) = match entry.kind {
            EntryKind::File(bytes) => {
                let kind = EntryKind::File(Bytes::new());
                (deb::Entry { kind, ..entry }, Some(bytes))
            }
            _ => (entry, None),
        };
        let blob = || Ok(Blob::new(content.clone().unwrap_or_default()));
        picking.see(entry, is_linked, blob)?;
    }
    picking.finish()
}

/// Whether other names of the package lead to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    Yes,
    No,
    /// They come later. What is wanted is kept for them.
    Unknown,
}

/// One package while its entries come by.
pub(super) struct Picking<'w> {
    wants: &'w Wants,
    /// What other names may lead to.
    contents: BTreeMap<String, HardTarget>,
    steps: Vec<Step<'w>>,
    seen: BTreeSet<&'w str>,
    contents_of: ContentsReader,
    early: Vec<(String, String, Vec<&'w Claim>)>,
}

impl<'w> Picking<'w> {
    /// Nothing of the package `name` was seen yet.
    pub(super) fn begin(name: &str, control: String, wants: &'w Wants) -> Self {
        Self {
            wants,
            contents: BTreeMap::new(),
            steps: Vec::new(),
            seen: BTreeSet::new(),
            contents_of: ContentsReader::begin(name, control),
            early: Vec::new(),
        }
    }

    /// Whether anybody wants the entry at `path`, which is no folder.
    pub(super) fn is_wanted(&self, path: &str) -> bool {
        !self.wants.claims(path, &mut BTreeSet::new()).is_empty()
    }

    /// Whether what stands at `path` is kept for other names of it.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.contents.contains_key(path)
    }

    /// Takes `entry`, whose content `blob` gives if it is a file.
    pub(super) fn see(
        &mut self,
        entry: deb::Entry,
        linked: Linked,
        blob: impl FnOnce() -> Result<Blob>,
    ) -> Result<()> {
        if entry.path == "/" {
            return Ok(());
        }
        let folder = matches!(entry.kind, EntryKind::Dir);
        let path = if folder {
            format!("{}/", entry.path)
        } else {
            entry.path
        };
        if folder {
            self.steps.push(Step::Mode {
                path: path.clone(),
                mode: entry.mode,
            });
        }
        let claims = self.wants.claims(&path, &mut self.seen);
        let wanted = !claims.is_empty() || (folder && self.wants.is_folder_of_made(&path));
        let kept = wanted || linked == Linked::Yes;
        let is_file = matches!(entry.kind, EntryKind::File(_));
        let content = match is_file && (kept || self.contents_of.asks_for(&path)) {
            true => Some(blob()?),
            false => None,
        };
        let targets = claims.iter().filter_map(|claim| claim.target.as_deref());
        self.contents_of
            .see(&path, &entry.kind, content.as_ref(), targets);
        if !kept {
            return Ok(());
        }
        if let EntryKind::Hardlink(to) = &entry.kind
            && !self.contents.contains_key(to)
        {
            if wanted {
                self.early.push((path, to.clone(), claims));
            }
            return Ok(());
        }
        let Some(what) = picked(entry.kind, content, &path, &self.contents)? else {
            if wanted {
                let text = format!("unsupported file type: {path}");
                return Err(Error::new(ErrorClass::Tree, text));
            }
            return Ok(());
        };
        if linked != Linked::No
            && let Some(target) = HardTarget::of(&what, entry.mode)
        {
            self.contents.insert(path.clone(), target);
        }
        if wanted {
            if let Picked::File(blob) = &what {
                blob.digest();
            }
            self.steps.push(Step::Pick(Pick {
                path,
                mode: entry.mode,
                what,
                claims,
            }));
        }
        Ok(())
    }

    /// Everything that was picked, if nothing is missing.
    pub(super) fn finish(mut self) -> Result<Payload<'w>> {
        let early = std::mem::take(&mut self.early);
        self.steps
            .extend(links_before_their_file(early, &self.contents)?);
        match missing(&self.wants.missing(&self.seen)) {
            None => Ok(Payload {
                steps: self.steps,
                contents: self.contents_of.finish(),
            }),
            Some(text) => Err(Error::new(ErrorClass::Content, text)),
        }
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

/// What an entry is; none for devices and pipes. `contents` are those that links lead to.
fn picked(
    kind: EntryKind,
    content: Option<Blob>,
    path: &str,
    contents: &BTreeMap<String, HardTarget>,
) -> Result<Option<Picked>> {
    Ok(Some(match kind {
        EntryKind::Dir => Picked::Folder,
        EntryKind::File(_) => Picked::File(content.unwrap_or_else(|| Blob::new(Bytes::new()))),
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
