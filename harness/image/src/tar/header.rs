//! One tar header of 512 bytes (POSIX ustar).

use super::BLOCK;

/// The fields of a header that are written; owner names stay empty.
pub(crate) struct Header<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) kind: u8,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) size: u64,
    pub(crate) mtime: u64,
    pub(crate) link: &'a [u8],
    pub(crate) device: Option<(u32, u32)>,
}

/// Largest values of the octal fields of 8 and 12 bytes.
pub(crate) const MOST_ID: u64 = 0o777_7777;
pub(crate) const MOST_SIZE: u64 = 0o777_7777_7777;
/// Longest link target in a header.
pub(crate) const LONGEST_LINK: usize = 100;

impl Header<'_> {
    /// The header's bytes. Values that do not fit are written as zero or cut off: the caller has
    /// put them into a PAX header, which counts.
    pub(crate) fn bytes(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let (prefix, name) = split(self.name).unwrap_or((b"", self.name));
        put(&mut block[0..100], name);
        octal(&mut block[100..108], u64::from(self.mode));
        octal(&mut block[108..116], fitting(self.uid, MOST_ID));
        octal(&mut block[116..124], fitting(self.gid, MOST_ID));
        octal(&mut block[124..136], fitting(self.size, MOST_SIZE));
        octal(&mut block[136..148], fitting(self.mtime, MOST_SIZE));
        block[148..156].fill(b' ');
        block[156] = self.kind;
        put(&mut block[157..257], self.link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        let (major, minor) = self.device.unwrap_or((0, 0));
        octal(&mut block[329..337], u64::from(major));
        octal(&mut block[337..345], u64::from(minor));
        put(&mut block[345..500], prefix);
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        block
    }
}

/// A name as prefix and name of a header, if it fits: at most 155 and 100 bytes, split at a slash.
pub(crate) fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((b"", name));
    }
    // The last slash that leaves at most 155 bytes before it; a folder's own slash does not count.
    let before = name.len().checked_sub(1)?.min(156);
    let at = name[..before].iter().rposition(|byte| *byte == b'/')?;
    let (prefix, rest) = (&name[..at], &name[at + 1..]);
    (!prefix.is_empty() && prefix.len() <= 155 && rest.len() <= 100).then_some((prefix, rest))
}

fn fitting(value: u64, most: u64) -> u64 {
    if value > most { 0 } else { value }
}

fn put(field: &mut [u8], value: &[u8]) {
    let len = value.len().min(field.len());
    field[..len].copy_from_slice(&value[..len]);
}

/// Octal digits with leading zeros and a NUL at the end.
fn octal(field: &mut [u8], mut value: u64) {
    let (end, digits) = match field.split_last_mut() {
        Some(parts) => parts,
        None => return,
    };
    *end = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_split_at_a_slash() {
        let name = |a: usize, b: usize| [vec![b'a'; a], vec![b'/'], vec![b'b'; b]].concat();
        for (a, b, fits) in [
            (155, 100, true),
            (156, 50, false),
            (50, 101, false),
            (10, 95, true),
        ] {
            let name = name(a, b);
            let found = split(&name);
            assert_eq!(found.is_some(), fits, "{a} {b}");
            if let Some((prefix, rest)) = found {
                assert_eq!((prefix.len(), rest.len()), (a, b));
            }
        }
        let folder = [vec![b'a'; 120], b"/".to_vec()].concat();
        assert_eq!(split(&folder), None);
    }

    #[test]
    fn another_reader_agrees() {
        let header = Header {
            name: b"usr/bin/x",
            kind: b'3',
            mode: 0o6755,
            uid: 12,
            gid: MOST_ID,
            size: MOST_SIZE,
            mtime: 1_700_000_000,
            link: b"",
            device: Some((8, 1)),
        };
        let bytes = header.bytes();
        let other = tar::Header::from_byte_slice(&bytes);
        assert_eq!(&*other.path_bytes(), b"usr/bin/x");
        assert_eq!(other.mode().unwrap(), 0o6755);
        assert_eq!((other.uid().unwrap(), other.gid().unwrap()), (12, MOST_ID));
        assert_eq!(other.entry_size().unwrap(), MOST_SIZE);
        assert_eq!(other.mtime().unwrap(), 1_700_000_000);
        assert_eq!(other.device_major().unwrap(), Some(8));
        let mut same = other.clone();
        same.set_cksum();
        assert_eq!(same.cksum().unwrap(), other.cksum().unwrap());
    }
}
