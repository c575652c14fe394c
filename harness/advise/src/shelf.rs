//! The archive as advice sees it: which package has a file, and what is in a package.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use chisel::{PackageRecord, PackageSource};
use deb::{ArchiveContents, ContentsIndex, ContentsLimits, DebReader, Entry, EntryKind};
use model::Arch;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::paths;

/// An opened archive.
pub trait Library: PackageSource {
    /// Its `Contents` indexes for the architecture it is open for.
    fn contents(&self) -> Result<ArchiveContents>;
    /// Brings packages to where [`PackageSource::open`] finds them.
    fn fetch(&self, records: &[PackageRecord]) -> Result<()>;
    /// How important a package is; none if no archive has it.
    fn priority(&self, name: &str) -> Option<deb::Priority>;
}

/// What is asked of the indexes: keys of files (see [`paths::key`]).
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// Single files.
    pub(crate) files: HashSet<String>,
    /// All libraries directly in these folders.
    pub(crate) library_folders: HashSet<String>,
    /// Everything below these folders, whose keys end in a slash.
    pub(crate) below: Vec<String>,
}

impl Question {
    fn asks(&self, key: &[u8]) -> bool {
        if self
            .below
            .iter()
            .any(|folder| key.starts_with(folder.as_bytes()))
        {
            return true;
        }
        let Ok(key) = std::str::from_utf8(key) else {
            return false;
        };
        let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
        name.contains(".so") && self.library_folders.contains(folder) || self.files.contains(key)
    }

    /// Whether an index that was asked this has answered about `key`.
    fn answers(&self, key: &str) -> bool {
        self.asks(key.as_bytes())
    }
}

/// A package that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) record: PackageRecord,
    /// Its entries by path.
    pub(crate) entries: HashMap<String, Entry>,
}

/// What was learnt of the archive so far.
pub(crate) struct Shelf<'a> {
    library: &'a dyn Library,
    arch: Arch,
    limits: Limits,
    indexes: Vec<ContentsIndex>,
    /// Indexes that could not be verified, with what is wrong.
    pub(crate) unverified: Vec<String>,
    asked: Vec<Question>,
    holders: HashMap<String, Vec<String>>,
    opened: HashMap<String, Option<Opened>>,
    /// Files of opened packages.
    owners: HashMap<String, String>,
    /// Keys of folders that have something in them.
    folders: HashSet<String>,
    bytes: u64,
}

impl<'a> Shelf<'a> {
    pub(crate) fn new(library: &'a dyn Library, arch: Arch, limits: Limits) -> Self {
        Self {
            library,
            arch,
            limits,
            indexes: Vec::new(),
            unverified: Vec::new(),
            asked: Vec::new(),
            holders: HashMap::new(),
            opened: HashMap::new(),
            owners: HashMap::new(),
            folders: HashSet::new(),
            bytes: 0,
        }
    }

    /// Whether the indexes were asked about `path`.
    pub(crate) fn knows(&self, path: &str) -> bool {
        let key = paths::key(path);
        self.owners.contains_key(path) || self.asked.iter().any(|asked| asked.answers(key))
    }

    /// Asks all indexes, each read once from start to end.
    pub(crate) fn ask(&mut self, question: Question, release: &str) -> Result<()> {
        if self.indexes.is_empty() {
            let contents = self.library.contents()?;
            self.indexes = contents.indexes;
            self.unverified = contents.unverified;
        }
        if self.indexes.is_empty() {
            return Err(Error::NoContents(release.to_owned(), self.arch));
        }
        let answers: Vec<_> = self
            .indexes
            .par_iter()
            .map(|index| {
                let mut found: Vec<(String, Vec<String>)> = Vec::new();
                index.scan(ContentsLimits::STANDARD, |path, column| {
                    let key = paths::key_bytes(path);
                    if question.asks(key)
                        && let Ok(key) = std::str::from_utf8(key)
                    {
                        let names = deb::packages_of(column).map(str::to_owned);
                        found.push((key.to_owned(), names.collect()));
                    }
                })?;
                Ok::<_, deb::ContentsFault>(found)
            })
            .collect::<std::result::Result<_, _>>()?;
        for (key, names) in answers.into_iter().flatten() {
            note_folders(&mut self.folders, &key);
            let holders = self.holders.entry(key).or_default();
            for name in names {
                if !holders.contains(&name) {
                    holders.push(name);
                }
            }
        }
        self.asked.push(question);
        Ok(())
    }

    /// The packages that may have `path`, as the indexes say.
    pub(crate) fn holders(&self, path: &str) -> Vec<String> {
        let mut found = self
            .holders
            .get(paths::key(path))
            .cloned()
            .unwrap_or_default();
        if let Some(owner) = self.owner(path)
            && !found.iter().any(|name| name == owner)
        {
            found.push(owner.to_owned());
        }
        found
    }

    /// The opened package that has `path`.
    pub(crate) fn owner(&self, path: &str) -> Option<&str> {
        self.owners.get(path).map(String::as_str)
    }

    /// Whether some package has something below the folder.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(paths::key(path))
    }

    /// Whether some package has the file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.holders.contains_key(paths::key(path)) || self.owners.contains_key(path)
    }

    /// Keys below the folder `path`, sorted.
    pub(crate) fn below(&self, path: &str) -> Vec<String> {
        let folder = format!("{}/", paths::key(path));
        let keys = self.holders.keys().filter(|key| key.starts_with(&folder));
        let mut found: Vec<String> = keys.map(|key| paths::of_key(key)).collect();
        let owned = self
            .owners
            .keys()
            .filter(|own| paths::key(own).starts_with(&folder));
        found.extend(owned.cloned());
        found.sort();
        found.dedup();
        found
    }

    pub(crate) fn record(&self, name: &str) -> Result<Option<PackageRecord>> {
        Ok(self.library.lookup(name, self.arch, None)?)
    }

    pub(crate) fn priority(&self, name: &str) -> Option<deb::Priority> {
        self.library.priority(name)
    }

    /// Opens packages that were not opened yet, fetched together. Names no archive has are left
    /// out.
    pub(crate) fn open(&mut self, names: &[String], release: &chisel::Release) -> Result<()> {
        let mut records = Vec::new();
        for name in names {
            if self.opened.contains_key(name) {
                continue;
            }
            let pin = release
                .packages
                .get(name)
                .and_then(|package| package.archive.as_deref());
            match self.library.lookup(name, self.arch, pin)? {
                Some(record) => records.push(record),
                None => drop(self.opened.insert(name.clone(), None)),
            }
        }
        records.sort_by(|a, b| a.name.cmp(&b.name));
        records.dedup_by(|a, b| a.name == b.name);
        if self.opened.len() + records.len() > self.limits.packages {
            return Err(self.limit(self.limits.packages as u64, "packages"));
        }
        self.library.fetch(&records)?;
        for record in records {
            let bytes = self.library.open(&record)?;
            self.keep(record, &bytes)?;
        }
        Ok(())
    }

    fn keep(&mut self, record: PackageRecord, package: &Bytes) -> Result<()> {
        let reader = DebReader::read(&record.name, package, &deb::Limits::PACKAGE)?;
        let mut entries = HashMap::new();
        for entry in reader.into_entries() {
            if let EntryKind::File(bytes) = &entry.kind {
                self.bytes += bytes.len() as u64;
            }
            if !matches!(entry.kind, EntryKind::Dir) {
                note_folders(&mut self.folders, paths::key(&entry.path));
                self.owners
                    .entry(entry.path.clone())
                    .or_insert_with(|| record.name.clone());
            }
            entries.insert(entry.path.clone(), entry);
        }
        if self.bytes > self.limits.package_bytes {
            return Err(self.limit(self.limits.package_bytes, "bytes of packages"));
        }
        let name = record.name.clone();
        self.opened.insert(name, Some(Opened { record, entries }));
        Ok(())
    }

    /// An opened package.
    pub(crate) fn package(&self, name: &str) -> Option<&Opened> {
        self.opened.get(name)?.as_ref()
    }

    fn limit(&self, limit: u64, what: &'static str) -> Error {
        Error::Limit {
            subject: "what the application needs".to_owned(),
            limit,
            what,
        }
    }
}

/// Adds the folders above `key` until one is known.
fn note_folders(folders: &mut HashSet<String>, key: &str) {
    let mut at = key;
    while let Some((folder, _)) = at.rsplit_once('/') {
        if !folders.insert(folder.to_owned()) {
            break;
        }
        at = folder;
    }
}

impl Opened {
    /// The path under which the package has the file of that key.
    pub(crate) fn path_of(&self, path: &str) -> Option<String> {
        if self.entries.contains_key(path) {
            return Some(path.to_owned());
        }
        let key = paths::key(path);
        let other = [format!("/{key}"), format!("/usr/{key}")];
        other
            .into_iter()
            .find(|path| self.entries.contains_key(path))
    }
}
