//! Reading tar members as container runtimes do, from bytes that nobody vouches for.

use bytes::Bytes;

use super::{BLOCK, pax};
use crate::ImageError;

/// One member, long names and PAX values applied.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    /// The type flag; folders in old archives (a name with a slash) are `5` already.
    pub(crate) kind: u8,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: i64,
    pub(crate) device: (u32, u32),
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// A slice of the archive; empty for members that are only a header.
    pub(crate) data: Bytes,
    /// Where the member's header starts.
    pub(crate) at: u64,
}

/// The members of an archive, in order. Ends after the first error.
pub(crate) struct Members {
    archive: Bytes,
    at: usize,
    is_over: bool,
}

/// What extension headers say of the member that follows them.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A value that should be a number and is none.
struct NoNumber;

/// Longest extension header; the kernel's own limits on names and attributes lie far below.
const LONGEST_EXTENSION: usize = 1 << 20;

impl Members {
    pub(crate) fn new(archive: Bytes) -> Self {
        Self {
            archive,
            at: 0,
            is_over: false,
        }
    }

    fn fail<T>(&self, why: impl Into<String>) -> Result<T, ImageError> {
        let at = self.at as u64;
        let why = why.into();
        Err(ImageError::Member { at, why })
    }

    /// The next header; none at the end: zero blocks, or the archive's own end.
    fn header(&self) -> Result<Option<Bytes>, ImageError> {
        let left = self.archive.len() - self.at;
        if left == 0 {
            return Ok(None);
        }
        if left < BLOCK {
            return self.fail("the archive ends inside a header");
        }
        let header = self.archive.slice(self.at..self.at + BLOCK);
        if header.iter().any(|byte| *byte != 0) {
            return match is_sound(&header) {
                true => Ok(Some(header)),
                false => self.fail("wrong checksum"),
            };
        }
        let next = self.archive.get(self.at + BLOCK..self.at + 2 * BLOCK);
        match next.is_none_or(|next| next.iter().all(|byte| *byte == 0)) {
            true => Ok(None),
            false => self.fail("a zero block in the middle"),
        }
    }

    fn read(&mut self) -> Result<Option<Member>, ImageError> {
        let mut extension = Extension::default();
        let start = self.at as u64;
        loop {
            let Some(header) = self.header()? else {
                return match start == self.at as u64 {
                    true => Ok(None),
                    false => self.fail("an extension header without a member"),
                };
            };
            let kind = header[156];
            let is_extension = matches!(kind, b'x' | b'L' | b'K');
            let own = match is_extension {
                true => Ok(None),
                false => extension.number(b"size"),
            };
            let size = own.map(|size| size.or_else(|| number(&header[124..136])));
            let Ok(Some(size)) = size else {
                return self.fail("a size that is no number");
            };
            // Links, devices and folders are a header only, whatever size they claim.
            let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
            let data = self.data(size)?;
            if is_extension && data.len() > LONGEST_EXTENSION {
                return self.fail("an extension header of more than 1 MiB");
            }
            match kind {
                b'x' => match pax::records(&data) {
                    Some(records) => {
                        let owned = |(k, v): (&[u8], &[u8])| (k.to_vec(), v.to_vec());
                        extension.records.extend(records.into_iter().map(owned));
                    }
                    None => return self.fail("a malformed PAX header"),
                },
                b'L' => extension.name = Some(until_nul(&data).to_vec()),
                b'K' => extension.link = Some(until_nul(&data).to_vec()),
                _ => {
                    let member = self.member(&header, extension, data, start)?;
                    self.skip(size);
                    return Ok(Some(member));
                }
            }
            self.skip(size);
        }
    }

    fn data(&self, size: u64) -> Result<Bytes, ImageError> {
        let from = self.at + BLOCK;
        let to = usize::try_from(size).ok().and_then(|s| from.checked_add(s));
        match to.filter(|to| *to <= self.archive.len()) {
            Some(to) => Ok(self.archive.slice(from..to)),
            None => self.fail(format!("{size} bytes of data, more than the archive has")),
        }
    }

    /// Goes past a header and its data, which lie inside the archive; the padding may be cut off.
    fn skip(&mut self, size: u64) {
        let padded = (size as usize).next_multiple_of(BLOCK);
        self.at = (self.at + BLOCK + padded).min(self.archive.len());
    }

    fn member(
        &self,
        header: &[u8],
        extension: Extension,
        data: Bytes,
        at: u64,
    ) -> Result<Member, ImageError> {
        let is_sparse = |(key, _): &(Vec<u8>, Vec<u8>)| key.starts_with(b"GNU.sparse.");
        if header[156] == b'S' || extension.records.iter().any(is_sparse) {
            return self.fail("a sparse file, which images must not hold");
        }
        let field = |range: std::ops::Range<usize>, what| {
            number(&header[range])
                .map_or_else(|| self.fail(format!("a {what} that is no number")), Ok)
        };
        let id = |key: &[u8], range, what| match extension.number(key) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => field(range, what),
            Err(NoNumber) => self.fail(format!("a {what} that is no number")),
        };
        let name = extension.name.clone().or_else(|| extension.text(b"path"));
        let name = name.unwrap_or_else(|| own_name(header));
        let kind = match header[156] {
            b'0' | 0 | b'7' if name.last() == Some(&b'/') => b'5',
            0 | b'7' => b'0',
            kind => kind,
        };
        let link = extension
            .link
            .clone()
            .or_else(|| extension.text(b"linkpath"));
        let device = match kind {
            b'3' | b'4' => (field(329..337, "device")?, field(337..345, "device")?),
            _ => (0, 0),
        };
        let (Ok(major), Ok(minor)) = (device.0.try_into(), device.1.try_into()) else {
            return self.fail("a device number out of range");
        };
        Ok(Member {
            link: link.unwrap_or_else(|| until_nul(&header[157..257]).to_vec()),
            kind,
            mode: (field(100..108, "mode")? & 0o7777) as u32,
            uid: id(b"uid", 108..116, "owner")?,
            gid: id(b"gid", 116..124, "group")?,
            mtime: extension
                .seconds()
                .unwrap_or(field(136..148, "time")?.try_into().unwrap_or(i64::MAX)),
            device: (major, minor),
            xattrs: extension.xattrs(),
            data,
            at,
            name,
        })
    }
}

impl Iterator for Members {
    type Item = Result<Member, ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let member = self.read().transpose();
        self.is_over = !matches!(member, Some(Ok(_)));
        member
    }
}

impl Extension {
    /// The last value of `key`, if it is not empty: an empty value takes an earlier one back.
    fn text(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut values = self.records.iter().rev().filter(|(k, _)| k == key);
        let (_, value) = values.next()?;
        (!value.is_empty()).then(|| value.clone())
    }

    fn number(&self, key: &[u8]) -> Result<Option<u64>, NoNumber> {
        let Some(value) = self.text(key) else {
            return Ok(None);
        };
        let text = String::from_utf8(value).map_err(|_| NoNumber)?;
        text.parse().map(Some).map_err(|_| NoNumber)
    }

    /// The modification time without its fraction.
    fn seconds(&self) -> Option<i64> {
        let text = String::from_utf8(self.text(b"mtime")?).ok()?;
        text.split('.').next()?.parse().ok()
    }

    fn xattrs(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let name = |key: &[u8]| key.strip_prefix(pax::XATTR).map(<[u8]>::to_vec);
        let all = self.records.into_iter();
        all.filter_map(|(key, value)| Some((name(&key)?, value)))
            .collect()
    }
}

/// Name and prefix of the header itself; only POSIX archives have a prefix.
fn own_name(header: &[u8]) -> Vec<u8> {
    let name = until_nul(&header[0..100]);
    let prefix = until_nul(&header[345..500]);
    if &header[257..263] == b"ustar\0" && !prefix.is_empty() {
        [prefix, b"/", name].concat()
    } else {
        name.to_vec()
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// A number in octal digits, or big-endian with the top bit set (GNU). An empty field is zero; a
/// negative or too large one is none.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        if first & 0x40 != 0 {
            return None;
        }
        return rest
            .iter()
            .try_fold(u64::from(first & 0x3f), |value, byte| {
                value.checked_mul(256).map(|value| value | u64::from(*byte))
            });
    }
    let text = std::str::from_utf8(until_nul(field))
        .ok()?
        .trim_matches(' ');
    match text {
        "" => Some(0),
        _ if text.starts_with(['+', '-']) => None,
        _ => u64::from_str_radix(text, 8).ok(),
    }
}

/// Whether the checksum fits, summed over unsigned or (old writers) signed bytes.
fn is_sound(header: &[u8]) -> bool {
    let sum = |value: fn(u8) -> i64| {
        let own = |(at, byte): (usize, &u8)| match (148..156).contains(&at) {
            true => i64::from(b' '),
            false => value(*byte),
        };
        header.iter().enumerate().map(own).sum::<i64>()
    };
    let declared = number(&header[148..156]).and_then(|sum| i64::try_from(sum).ok());
    declared == Some(sum(i64::from)) || declared == Some(sum(|byte| i64::from(byte as i8)))
}

#[cfg(test)]
#[path = "member_tests.rs"]
mod tests;
