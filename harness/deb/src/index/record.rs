//! One record of a kept index: what a package is fetched and verified by in fixed places, then the
//! texts, one on each line.
//!
//! Bytes: SHA-256 (32), size as little-endian u64 (8), marks (1), the missing field (1), then the
//! lines of [`TEXTS`]. Of an incomplete record the size is the line its paragraph begins at.

use model::Digest;

use crate::package::{BadRecord, Fields, MultiArch, Numbers, Package, Priority, SPARED, unfolded};

/// Bytes before the texts.
const TEXTS_AT: usize = 42;
/// Where the marks and the missing field stand.
const MARKS_AT: usize = 40;
const MISSING_AT: usize = 41;
/// How many texts there are: name, version, architecture, source, filename, what it depends on
/// before, what it depends on, what it provides.
const TEXTS: usize = 8;

const PRIORITIES: [Priority; 5] = [
    Priority::Required,
    Priority::Important,
    Priority::Standard,
    Priority::Optional,
    Priority::Extra,
];
const MULTI_ARCHES: [MultiArch; 4] = [
    MultiArch::No,
    MultiArch::Same,
    MultiArch::Foreign,
    MultiArch::Allowed,
];
const ESSENTIAL: u8 = 1 << 3;

/// Appends a record that nothing is wrong with.
pub(super) fn push(fields: &Fields<'_>, numbers: &Numbers, blob: &mut Vec<u8>) {
    blob.extend_from_slice(numbers.sha256.as_bytes());
    blob.extend_from_slice(&numbers.size.to_le_bytes());
    let place = |at: Option<usize>| at.and_then(|at| u8::try_from(at).ok()).unwrap_or_default();
    let priority = PRIORITIES.iter().position(|one| *one == numbers.priority);
    let multi = MULTI_ARCHES
        .iter()
        .position(|one| *one == numbers.multi_arch);
    let essential = if numbers.essential { ESSENTIAL } else { 0 };
    blob.push(place(priority) | essential | place(multi) << 4);
    blob.push(0);
    push_texts(fields, blob);
}

/// Appends a record that lacks one of [`SPARED`].
pub(super) fn push_incomplete(fields: &Fields<'_>, blob: &mut Vec<u8>) {
    blob.extend_from_slice(&[0; 32]);
    blob.extend_from_slice(&(fields.line as u64).to_le_bytes());
    let missing = SPARED
        .iter()
        .position(|field| Some(*field) == fields.absent())
        .and_then(|at| u8::try_from(at + 1).ok());
    blob.push(0);
    blob.push(missing.unwrap_or(1));
    push_texts(fields, blob);
}

fn push_texts(fields: &Fields<'_>, blob: &mut Vec<u8>) {
    let texts: [&str; TEXTS] = [
        fields.name,
        fields.version,
        fields.architecture,
        fields.source,
        fields.filename,
        fields.pre_depends,
        fields.depends,
        fields.provides,
    ];
    for text in texts {
        blob.extend_from_slice(unfolded(text).as_bytes());
        blob.push(b'\n');
    }
}

/// The name in a record.
pub(super) fn name(record: &[u8]) -> &[u8] {
    let rest = record.get(TEXTS_AT..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Whether it is essential or of priority `required`, and complete.
pub(super) fn is_required(record: &[u8]) -> bool {
    let at = |at: usize| record.get(at).copied().unwrap_or_default();
    let marks = at(MARKS_AT);
    at(MISSING_AT) == 0 && (marks & ESSENTIAL != 0 || marks & 7 == 0)
}

/// The package of a record; none of an incomplete one.
pub(super) fn package(record: &[u8]) -> Option<Package> {
    match record.get(MISSING_AT)? {
        0 => fields(record)?.package(numbers(record)?).ok(),
        _ => None,
    }
}

/// What an incomplete record lacks.
pub(super) fn incomplete(record: &[u8]) -> Option<BadRecord> {
    let missing = usize::from(*record.get(MISSING_AT)?).checked_sub(1)?;
    let name = std::str::from_utf8(name(record)).ok()?;
    let line = usize::try_from(size(record)?).ok()?;
    Some(BadRecord::absent(name, line, SPARED.get(missing)?))
}

/// Every provided name of a record, with its place in it.
pub(super) fn provided(record: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let texts = record.strip_suffix(b"\n").unwrap_or_default();
    let line = memchr::memrchr(b'\n', texts).map_or(texts.len(), |at| at + 1);
    let value = texts.get(line..).unwrap_or_default();
    let mut at = line;
    value.split(|b| *b == b',').filter_map(move |part| {
        let lead = part.len() - part.trim_ascii_start().len();
        let name = part.trim_ascii();
        let end = name.iter().position(|b| b" (:".contains(b));
        let place = at + lead;
        at += part.len() + 1;
        let name = name.get(..end.unwrap_or(name.len()))?;
        Some((place, name)).filter(|(_, name)| !name.is_empty())
    })
}

fn size(record: &[u8]) -> Option<u64> {
    let bytes = record.get(32..MARKS_AT)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

fn numbers(record: &[u8]) -> Option<Numbers> {
    let sha256: [u8; 32] = record.get(..32)?.try_into().ok()?;
    let marks = *record.get(MARKS_AT)?;
    Some(Numbers {
        size: size(record)?,
        sha256: Digest::from_bytes(sha256),
        essential: marks & ESSENTIAL != 0,
        priority: *PRIORITIES.get(usize::from(marks & 7))?,
        multi_arch: *MULTI_ARCHES.get(usize::from(marks >> 4))?,
    })
}

/// The texts. What stands behind the record is not looked at.
fn fields(record: &[u8]) -> Option<Fields<'_>> {
    let mut lines = record.get(TEXTS_AT..)?.split(|b| *b == b'\n');
    let mut next = || std::str::from_utf8(lines.next()?).ok();
    Some(Fields {
        name: next()?,
        version: next()?,
        architecture: next()?,
        source: next()?,
        filename: next()?,
        pre_depends: next()?,
        depends: next()?,
        provides: next()?,
        ..Fields::NONE
    })
}
