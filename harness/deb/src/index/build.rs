//! From the text of a `Packages` file to its kept form, in one pass.

use model::Arch;

use super::{BadIndex, COUNTS_AT, HEAD, Index, MAGIC, NAMED, PROVIDED, SUM_AT, record};
use crate::control::stanzas;
use crate::package::Fields;
use crate::relation::{is_plain_list, relations};

impl Index {
    /// Reduces the text of a `Packages` file. Records of other architectures are left out. One that
    /// lacks what its package is fetched or verified by is kept for [`Index::incomplete`] alone.
    pub fn build(text: &str, arch: Arch) -> Result<Self, BadIndex> {
        // What is kept is about a third of the text.
        let mut bytes = Vec::with_capacity(HEAD + text.len() / 2);
        bytes.resize(HEAD, 0);
        let mut records: Vec<[u32; NAMED]> = Vec::new();
        for stanza in stanzas(text) {
            let fields = Fields::of(&stanza?);
            let start = bytes.len();
            if push(&fields, arch, &mut bytes)? {
                let sum = crc32fast::hash(fields.name.as_bytes());
                records.push([sum, number(start)?, number(bytes.len())?]);
            }
        }
        finish(bytes, records)
    }
}

fn number(number: usize) -> Result<u32, BadIndex> {
    u32::try_from(number).map_err(|_| BadIndex::TooBig)
}

/// Appends the record of one paragraph if it is wanted. Every record is read once here, so that
/// none can be bad later.
fn push(fields: &Fields<'_>, arch: Arch, bytes: &mut Vec<u8>) -> Result<bool, BadIndex> {
    let numbers = match fields.numbers() {
        Ok(numbers) => numbers,
        Err(fault) if fault.is_incomplete() => {
            record::push_incomplete(fields, bytes);
            return Ok(true);
        }
        Err(fault) => return Err(fault.into()),
    };
    if !is_plain_list(fields.provides) {
        relations(fields.provides).map_err(|fault| BadIndex::Provides {
            package: fields.name.to_owned(),
            fault,
        })?;
    }
    let wanted = fields.architecture == arch.debian() || fields.architecture == "all";
    if wanted {
        record::push(fields, &numbers, bytes);
    }
    Ok(wanted)
}

/// Adds the tables behind the records, then numbers and checksum in front.
fn finish(mut bytes: Vec<u8>, mut records: Vec<[u32; NAMED]>) -> Result<Index, BadIndex> {
    let mut provided: Vec<[u32; PROVIDED]> = Vec::new();
    for [_, start, end] in &records {
        let whole = bytes
            .get(*start as usize..*end as usize)
            .unwrap_or_default();
        for (place, name) in record::provided(whole) {
            let place = *start as usize + place;
            let sum = crc32fast::hash(name);
            provided.push([sum, number(place)?, number(name.len())?, *start]);
        }
    }
    records.sort_unstable();
    provided.sort_unstable();
    let mut tables = Vec::with_capacity(4 * (NAMED * records.len() + PROVIDED * provided.len()));
    let numbers = records.iter().flatten().chain(provided.iter().flatten());
    numbers.for_each(|number| tables.extend_from_slice(&number.to_le_bytes()));
    let (records, provided) = (records.len(), provided.len());
    let end = bytes.len();
    bytes.append(&mut tables);
    let mut counts = Vec::with_capacity(HEAD - COUNTS_AT);
    for count in [records, provided, end] {
        counts.extend_from_slice(&number(count)?.to_le_bytes());
    }
    put(&mut bytes, COUNTS_AT, &counts);
    let checksum = crc32fast::hash(bytes.get(COUNTS_AT..).unwrap_or_default());
    put(&mut bytes, 0, MAGIC);
    put(&mut bytes, SUM_AT, &checksum.to_le_bytes());
    Ok(Index {
        bytes: bytes.into(),
        records,
        provided,
        end,
    })
}

fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + part.len()) {
        place.copy_from_slice(part);
    }
}
