//! A `Packages` index, reduced to the fields that are read and sorted by name.
//!
//! An index of a big suite has tens of megabytes and is looked at for some dozens of records. So
//! it is reduced once and kept; opening it again costs one read and one hash.
//!
//! File: magic (8 bytes), SHA-256 of the rest (32), then numbers as little-endian u32: records n,
//! provided names m, n offsets of records sorted by name, m triples (offset and length of a
//! provided name, number of the record), sorted by name; then the records as paragraphs,
//! sorted by name.

use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use model::{Arch, Digest};

use crate::control::{BadControl, Stanza, stanzas};
use crate::package::{BadRecord, FIELDS, Package};
use crate::relation::{BadRelation, relations};

/// A reduced index.
#[derive(Debug, Clone)]
pub struct Index {
    bytes: Bytes,
    records: usize,
    provided: usize,
}

/// An index that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIndex {
    /// The control format.
    #[error(transparent)]
    Control(#[from] BadControl),
    /// A record.
    #[error(transparent)]
    Record(#[from] BadRecord),
    /// `Provides` of a record.
    #[error("package `{package}`: {fault}")]
    Provides {
        /// The package.
        package: String,
        /// What is wrong.
        fault: BadRelation,
    },
    /// More than 4 GiB of text.
    #[error("index is too big")]
    TooBig,
    /// A cached form that is not what was written.
    #[error("cached index is corrupt")]
    Cache,
}

/// Changes whenever the layout or [`FIELDS`] do.
pub(crate) const MAGIC: &[u8; 8] = b"debidx03";
const HEAD: usize = 8 + 32 + 8;

impl Index {
    /// Reduces the text of a `Packages` file. Records of other architectures are left out. One that
    /// lacks what its package is fetched or verified by is kept for [`Index::incomplete`] alone.
    pub fn build(text: &str, arch: Arch) -> Result<Self, BadIndex> {
        let mut reduced = String::with_capacity(text.len() * 3 / 4);
        let mut records: Vec<Range<usize>> = Vec::new();
        for stanza in stanzas(text) {
            let stanza = stanza?;
            // Every record is read once here, so that none can be bad later.
            let package = match Package::from_stanza(&stanza) {
                Ok(package) => package,
                Err(fault) if fault.is_incomplete() => {
                    let start = reduced.len();
                    reduce(&stanza, &mut reduced);
                    records.push(start..reduced.len());
                    continue;
                }
                Err(fault) => return Err(fault.into()),
            };
            relations(&package.provides).map_err(|fault| BadIndex::Provides {
                package: package.name.clone(),
                fault,
            })?;
            if package.architecture == arch.debian() || package.architecture == "all" {
                let start = reduced.len();
                reduce(&stanza, &mut reduced);
                records.push(start..reduced.len());
            }
        }
        let text = |range: &Range<usize>| reduced.get(range.clone()).unwrap_or_default();
        let mut records: Vec<&str> = records.iter().map(text).collect();
        records.sort_by_key(|record| record_name(record));
        Self::assemble(&records)
    }

    fn assemble(records: &[&str]) -> Result<Self, BadIndex> {
        let mut provided: Vec<(&str, usize, usize)> = Vec::new();
        let mut starts = Vec::with_capacity(records.len());
        let mut length = 0;
        for (number, record) in records.iter().enumerate() {
            starts.push(length);
            let names = provided_names(record);
            provided.extend(names.map(|(at, name)| (name, number, length + at)));
            length += record.len();
        }
        provided.sort_unstable();
        let mut rest = Vec::with_capacity(length + 4 * records.len() + 12 * provided.len() + 8);
        let mut push = |number: usize| {
            let number = u32::try_from(number).map_err(|_| BadIndex::TooBig)?;
            rest.extend_from_slice(&number.to_le_bytes());
            Ok::<(), BadIndex>(())
        };
        push(records.len())?;
        push(provided.len())?;
        for start in starts {
            push(start)?;
        }
        for (name, record, at) in &provided {
            push(*at)?;
            push(name.len())?;
            push(*record)?;
        }
        for record in records {
            rest.extend_from_slice(record.as_bytes());
        }
        let mut bytes = Vec::with_capacity(40 + rest.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(Digest::of(&rest).as_bytes());
        bytes.extend_from_slice(&rest);
        Ok(Self {
            records: records.len(),
            provided: provided.len(),
            bytes: bytes.into(),
        })
    }

    /// The cached form.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Opens the cached form; its checksum is verified.
    pub fn open(bytes: Bytes) -> Result<Self, BadIndex> {
        let rest = bytes.get(40..).ok_or(BadIndex::Cache)?;
        let fits = bytes.starts_with(MAGIC)
            && bytes.get(8..40) == Some(Digest::of(rest).as_bytes().as_slice());
        if !fits {
            return Err(BadIndex::Cache);
        }
        let mut index = Self {
            records: 0,
            provided: 0,
            bytes,
        };
        index.records = index.number(40).ok_or(BadIndex::Cache)?;
        index.provided = index.number(44).ok_or(BadIndex::Cache)?;
        match index.blob_start() <= index.bytes.len() {
            true => Ok(index),
            false => Err(BadIndex::Cache),
        }
    }

    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.records
    }

    /// Whether there is no record.
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// All records of `name`, in the order of the index file.
    pub fn named(&self, name: &str) -> Vec<Package> {
        let at = |at: usize| record_name(self.record(at));
        let from = partition(self.records, |i| at(i) < name);
        (from..self.records)
            .take_while(|i| at(*i) == name)
            .filter_map(|i| self.package(i))
            .collect()
    }

    /// Why a record of `name` is passed over: it lacks what its package is fetched or verified by.
    pub fn incomplete(&self, name: &str) -> Option<BadRecord> {
        let at = |at: usize| record_name(self.record(at));
        let from = partition(self.records, |i| at(i) < name);
        (from..self.records)
            .take_while(|i| at(*i) == name)
            .find_map(|i| Package::from_stanza(&stanzas(self.record(i)).next()?.ok()?).err())
    }

    /// All records that list `name` in `Provides`, sorted by package name.
    pub fn providing(&self, name: &str) -> Vec<Package> {
        let at = |at: usize| self.provided_name(at);
        let from = partition(self.provided, |i| at(i) < name);
        (from..self.provided)
            .take_while(|i| at(*i) == name)
            .filter_map(|i| self.number(self.triple(i) + 8))
            .filter_map(|record| self.package(record))
            .collect()
    }

    /// All records that are essential or of priority `required`, sorted by name.
    pub fn required(&self) -> Vec<Package> {
        let blob = self.text(self.blob_start()..self.bytes.len());
        let start = |i| self.number(HEAD + 4 * i).unwrap_or(usize::MAX);
        let mut found = BTreeSet::new();
        for line in ["\nEssential: yes\n", "\nPriority: required\n"] {
            for at in memchr::memmem::find_iter(blob, line) {
                found.insert(partition(self.records, |i| start(i) <= at).saturating_sub(1));
            }
        }
        found.into_iter().filter_map(|i| self.package(i)).collect()
    }

    /// Every record, sorted by name.
    pub fn packages(&self) -> impl Iterator<Item = Package> + '_ {
        (0..self.records).filter_map(|i| self.package(i))
    }

    fn package(&self, at: usize) -> Option<Package> {
        // All records were read once when the index was built, and the checksum holds; those that
        // cannot be read again are the incomplete ones.
        let stanza = stanzas(self.record(at)).next()?.ok()?;
        Package::from_stanza(&stanza).ok()
    }

    fn record(&self, at: usize) -> &str {
        let start = |at| {
            self.number(HEAD + 4 * at)
                .map(|from| self.blob_start() + from)
        };
        let from = start(at).unwrap_or(usize::MAX);
        let to = match at + 1 < self.records {
            true => start(at + 1).unwrap_or_default(),
            false => self.bytes.len(),
        };
        std::str::from_utf8(self.text(from..to)).unwrap_or_default()
    }

    fn provided_name(&self, at: usize) -> &str {
        let triple = self.triple(at);
        let number = |at| self.number(at).unwrap_or_default();
        let from = self.blob_start() + number(triple);
        let bytes = self.text(from..from + number(triple + 4));
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn text(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    const fn triple(&self, at: usize) -> usize {
        HEAD + 4 * self.records + 12 * at
    }

    const fn blob_start(&self) -> usize {
        self.triple(self.provided)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }
}

/// The first place in `0..len` where `before` no longer holds.
fn partition(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        match before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// The name in a reduced record, which stands first.
fn record_name(record: &str) -> &str {
    let line = record.lines().next().unwrap_or_default();
    line.strip_prefix("Package: ").unwrap_or_default()
}

/// Writes the fields that are read, in a fixed order, each on one line.
fn reduce(stanza: &Stanza<'_>, blob: &mut String) {
    let mut values = [""; FIELDS.len()];
    for (name, value) in stanza.fields() {
        let known = FIELDS.iter().position(|f| f.eq_ignore_ascii_case(name));
        if let Some(slot) = known.and_then(|at| values.get_mut(at)) {
            *slot = value;
        }
    }
    for (field, value) in FIELDS.iter().zip(values) {
        if value.is_empty() {
            continue;
        }
        blob.push_str(field);
        blob.push_str(": ");
        let mut lines = value.lines().filter(|line| !line.starts_with('#'));
        blob.push_str(lines.next().unwrap_or_default());
        // Of a description the first line is enough; relations may be folded.
        if *field != "Description" {
            for line in lines {
                blob.push(' ');
                blob.push_str(line.trim_ascii());
            }
        }
        blob.push('\n');
    }
    blob.push('\n');
}

/// Every provided name of a reduced record, with its place in it.
fn provided_names(record: &str) -> impl Iterator<Item = (usize, &str)> {
    const FIELD: &str = "\nProvides: ";
    let line = memchr::memmem::find(record.as_bytes(), FIELD.as_bytes());
    let mut at = line.map_or(record.len(), |line| line + FIELD.len());
    let value = record.get(at..).unwrap_or_default();
    let value = value.lines().next().unwrap_or_default();
    value.split(',').filter_map(move |part| {
        let lead = part.len() - part.trim_ascii_start().len();
        let name = part.trim_ascii();
        let end = name.find([' ', '(', ':']).unwrap_or(name.len());
        let place = at + lead;
        at += part.len() + 1;
        Some((place, name.get(..end).filter(|name| !name.is_empty())?))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(name: &str, version: &str, extra: &str) -> String {
        format!(
            "Package: {name}\nMaintainer: x\nArchitecture: amd64\nVersion: {version}\n{extra}\
             Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {}\n\
             Description: about {name}\n long\n\n",
            "0".repeat(64)
        )
    }

    fn sample() -> Index {
        let text = [
            record("zsh", "1", "Provides: shell (= 2), sh:any,\n other\n"),
            record(
                "bash",
                "1",
                "Essential: yes\nPriority: required\nProvides: shell\n",
            ),
            record("bash", "2", "Depends: libc6,\n libx\n"),
            record("a", "1", "").replace("amd64", "arm64"),
        ];
        Index::build(&text.concat(), Arch::Amd64).unwrap()
    }

    #[test]
    fn finds_by_name_and_by_what_is_provided() {
        let built = sample();
        let opened = Index::open(built.bytes().clone()).unwrap();
        for index in [built, opened] {
            assert_eq!(
                index.len(),
                3,
                "the record of another architecture is left out"
            );
            let versions: Vec<_> = index
                .named("bash")
                .iter()
                .map(|p| p.version.to_string())
                .collect();
            assert_eq!(versions, ["1", "2"]);
            assert_eq!(index.named("bash")[1].depends, "libc6, libx");
            assert_eq!(index.named("zsh")[0].summary, "about zsh");
            assert!(index.named("a").is_empty() && index.named("zzz").is_empty());
            let names = |name| {
                index
                    .providing(name)
                    .into_iter()
                    .map(|p| p.name)
                    .collect::<Vec<_>>()
            };
            assert_eq!(names("shell"), ["bash", "zsh"]);
            assert_eq!(names("sh"), ["zsh"]);
            assert_eq!(names("other"), ["zsh"]);
            assert!(names("bash").is_empty());
            assert_eq!(index.required().len(), 1);
            assert_eq!(index.packages().count(), 3);
        }
    }

    #[test]
    fn an_empty_index_is_fine() {
        let index = Index::build("", Arch::Amd64).unwrap();
        assert!(Index::open(index.bytes().clone()).unwrap().is_empty());
        assert!(index.named("a").is_empty());
    }

    #[test]
    fn a_bad_record_is_refused_when_built() {
        for text in ["Package: a\n", "x\n", &record("a", "1", "Provides: b (\n")] {
            assert!(Index::build(text, Arch::Amd64).is_err(), "{text}");
        }
    }

    #[test]
    fn every_flipped_byte_and_every_cut_of_the_cache_is_noticed() {
        let bytes = sample().bytes().to_vec();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(Index::open(bad.into()).is_err(), "byte {at}");
            assert!(
                Index::open(bytes[..at].to_vec().into()).is_err(),
                "cut {at}"
            );
        }
    }

    proptest! {
        #[test]
        fn finds_what_was_put_in(names in prop::collection::vec("[a-c]{1,3}", 0..20)) {
            let text: String = names.iter().map(|n| record(n, "1", "")).collect();
            let index = Index::build(&text, Arch::Amd64).unwrap();
            for name in ["a", "b", "ab", "cc", "abc"] {
                let count = names.iter().filter(|n| *n == name).count();
                prop_assert_eq!(index.named(name).len(), count);
            }
        }
    }
}
