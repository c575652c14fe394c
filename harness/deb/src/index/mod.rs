//! A `Packages` index, reduced to the fields that are read and with tables to find them by.
//!
//! An index of a big suite has tens of megabytes and is looked at for some dozens of records. So
//! it is reduced once and kept; opening it again costs one read and one checksum, which finds what
//! a disk damages. What an archive says of itself was verified before it was reduced.
//!
//! File: magic (8 bytes), CRC-32 of the rest (4), then numbers as little-endian u32: records n,
//! provided names m, the place where the records end; the records ([`record`]) in the order of the
//! index; n times the sum of a name, where its record begins and ends; m times the sum of a
//! provided name, its place and length, and where the record begins that provides it. Both tables
//! are sorted by sum, then by record. A sum is the CRC-32 of a name: a hundred thousand names that
//! begin alike take long to compare. Places count from the start of the file.

mod build;
mod record;

use bytes::Bytes;

use crate::control::BadControl;
use crate::package::{BadRecord, Package};
use crate::relation::BadRelation;

/// A reduced index.
#[derive(Debug, Clone)]
pub struct Index {
    bytes: Bytes,
    records: usize,
    provided: usize,
    end: usize,
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

/// Changes whenever the layout does.
pub(crate) const MAGIC: &[u8; 8] = b"debidx04";
/// Where the checksum stands, where the three counts that it begins to cover, and where the records.
const SUM_AT: usize = MAGIC.len();
const COUNTS_AT: usize = SUM_AT + 4;
const HEAD: usize = COUNTS_AT + 3 * 4;
/// Numbers in a row about a record, and in one about a provided name.
const NAMED: usize = 3;
const PROVIDED: usize = 4;

impl Index {
    /// The kept form.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Opens the kept form; its checksum is verified.
    pub fn open(bytes: Bytes) -> Result<Self, BadIndex> {
        let rest = bytes.get(COUNTS_AT..).ok_or(BadIndex::Cache)?;
        let checksum = crc32fast::hash(rest).to_le_bytes();
        if !bytes.starts_with(MAGIC) || bytes.get(SUM_AT..COUNTS_AT) != Some(checksum.as_slice()) {
            return Err(BadIndex::Cache);
        }
        let count = |at: usize| number(&bytes, COUNTS_AT + 4 * at).ok_or(BadIndex::Cache);
        let (records, provided, end) = (count(0)?, count(1)?, count(2)?);
        let tables = records
            .checked_mul(4 * NAMED)
            .zip(provided.checked_mul(4 * PROVIDED))
            .and_then(|(names, provided)| names.checked_add(provided));
        match tables.and_then(|tables| tables.checked_add(end)) == Some(bytes.len()) {
            true => Ok(Self {
                bytes,
                records,
                provided,
                end,
            }),
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
        self.records_of(name).filter_map(record::package).collect()
    }

    /// Why a record of `name` is passed over: it lacks what its package is fetched or verified by.
    pub fn incomplete(&self, name: &str) -> Option<BadRecord> {
        self.records_of(name).find_map(record::incomplete)
    }

    /// All records that list `name` in `Provides`, in the order of the index file.
    pub fn providing(&self, name: &str) -> Vec<Package> {
        let table = self.end + 4 * NAMED * self.records;
        self.rows::<PROVIDED>(table, self.provided, name)
            .filter(|[_, place, length, _]| {
                self.part(*place, place.saturating_add(*length)) == name.as_bytes()
            })
            .filter_map(|[_, _, _, start]| record::package(self.part(start, self.end)))
            .collect()
    }

    /// All records that are essential or of priority `required`, in no order.
    pub fn required(&self) -> Vec<Package> {
        self.all()
            .filter(|record| record::is_required(record))
            .filter_map(record::package)
            .collect()
    }

    /// Every record, in no order.
    pub fn packages(&self) -> impl Iterator<Item = Package> + '_ {
        self.all().filter_map(record::package)
    }

    fn all(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.records)
            .filter_map(|at| self.row::<NAMED>(self.end, at))
            .map(|[_, start, end]| self.part(start, end))
    }

    /// The records of `name`.
    fn records_of(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.rows::<NAMED>(self.end, self.records, name)
            .map(|[_, start, end]| self.part(start, end))
            .filter(move |record| record::name(record) == name.as_bytes())
    }

    /// The rows of `table` that begin with the sum of `name`.
    fn rows<const COLUMNS: usize>(
        &self,
        table: usize,
        rows: usize,
        name: &str,
    ) -> impl Iterator<Item = [usize; COLUMNS]> {
        let sum = crc32fast::hash(name.as_bytes()) as usize;
        let sum_at = move |at| self.number(table + 4 * COLUMNS * at).unwrap_or_default();
        let from = partition(rows, |at| sum_at(at) < sum);
        (from..rows)
            .take_while(move |at| sum_at(*at) == sum)
            .filter_map(move |at| self.row(table, at))
    }

    fn row<const COLUMNS: usize>(&self, table: usize, at: usize) -> Option<[usize; COLUMNS]> {
        let mut row = [0; COLUMNS];
        for (column, value) in row.iter_mut().enumerate() {
            *value = self.number(table + 4 * (COLUMNS * at + column))?;
        }
        Some(row)
    }

    fn part(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    fn number(&self, at: usize) -> Option<usize> {
        number(&self.bytes, at)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use model::Arch;

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
            assert_eq!(index.named("zsh")[0].provides, "shell (= 2), sh:any, other");
            assert!(index.named("a").is_empty() && index.named("zzz").is_empty());
            let names = |name| {
                index
                    .providing(name)
                    .into_iter()
                    .map(|p| p.name)
                    .collect::<Vec<_>>()
            };
            assert_eq!(names("shell"), ["zsh", "bash"]);
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
