//! What a file means, where its bytes may differ.

use serde::Deserialize;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reading {
    /// Account files: everything but the day of the last change (shadow(5), third field).
    Accounts,
    /// Python bytecode: the code, without the header that says how it is held against its source
    /// (PEP 552).
    Bytecode,
    /// The linker's cache: names, files and flags of all libraries in order.
    Libraries,
}

/// Bytes of a header of Python bytecode: magic, flags, and time and size or a hash.
const BYTECODE_HEAD: usize = 16;
/// Bytes of the header and of one record of the linker's cache (`dl-cache.h`, format 1.1).
const CACHE_HEAD: usize = 48;
const CACHE_RECORD: usize = 24;

impl Reading {
    /// What `bytes` mean; none if they are not such a file, which is never alike.
    pub(crate) fn meaning(self, bytes: &[u8]) -> Meaning {
        let read = match self {
            Self::Accounts => accounts(bytes),
            Self::Bytecode => bytecode(bytes),
            Self::Libraries => libraries(bytes),
        };
        Meaning(read)
    }
}

/// What a file means, in parts. A file that could not be read equals nothing.
#[derive(Debug)]
pub(crate) struct Meaning(Option<Vec<Vec<u8>>>);

impl PartialEq for Meaning {
    fn eq(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(a), Some(b)) if a == b)
    }
}

fn accounts(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = |line: &str| {
        let mut fields: Vec<&str> = line.split(':').collect();
        *fields.get_mut(2)? = "";
        Some(fields.join(":").into_bytes())
    };
    text.lines().map(line).collect()
}

fn bytecode(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (head, code) = bytes.split_at_checked(BYTECODE_HEAD)?;
    (!code.is_empty()).then(|| vec![head[..4].to_vec(), code.to_vec()])
}

fn libraries(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let number = |at: usize| -> Option<usize> {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(word)).ok()
    };
    let text = |at: usize| -> Option<&[u8]> {
        let rest = bytes.get(at..)?;
        rest.split(|byte| *byte == 0).next()
    };
    bytes.starts_with(b"glibc-ld.so.cache1.1").then_some(())?;
    let count = number(20)?;
    let record = |index: usize| {
        let at = CACHE_HEAD + index * CACHE_RECORD;
        let (flags, name, file) = (number(at)?, text(number(at + 4)?)?, text(number(at + 8)?)?);
        let hardware = bytes.get(at + 12..at + CACHE_RECORD)?;
        Some(
            [
                format!("{flags:x} ").as_bytes(),
                name,
                b" ",
                file,
                b" ",
                hardware,
            ]
            .concat(),
        )
    };
    (0..count).map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_meaning_is_seen() {
        let same = |reading: Reading, a: &[u8], b: &[u8]| reading.meaning(a) == reading.meaning(b);
        let code =
            |flags: u8, code: u8| [[1, 2, 3, 4].as_slice(), &[flags; 12], &[code; 3]].concat();
        assert!(same(Reading::Bytecode, &code(0, 7), &code(1, 7)));
        assert!(!same(Reading::Bytecode, &code(0, 7), &code(0, 8)));
        assert!(!same(Reading::Bytecode, b"short", b"short"));
        assert!(same(Reading::Accounts, b"a:*:1:0\n", b"a:*:2:0\n"));
        assert!(!same(Reading::Accounts, b"a:*:1:0\n", b"a:*:2:1\n"));
        assert!(!same(
            Reading::Accounts,
            b"a:*:1:0\n",
            b"a:*:2:0\nb:*:2:0\n"
        ));
    }

    /// A cache of one library, with its strings in this order.
    fn cache(strings: &[&str; 2], name: usize) -> Vec<u8> {
        let mut bytes = b"glibc-ld.so.cache1.1".to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.resize(CACHE_HEAD, 0);
        let start = CACHE_HEAD + CACHE_RECORD;
        let places = [start, start + strings[0].len() + 1];
        for word in [0x0303, places[name], places[1 - name]] {
            bytes.extend(u32::try_from(word).unwrap().to_le_bytes());
        }
        bytes.resize(start, 0);
        for text in strings {
            bytes.extend(text.bytes().chain([0]));
        }
        bytes
    }

    #[test]
    fn the_linkers_cache_is_read_by_record() {
        let read = |strings, name| Reading::Libraries.meaning(&cache(strings, name));
        let first = read(&["liba.so.1", "/lib/liba.so.1"], 0);
        assert_eq!(first, read(&["/lib/liba.so.1", "liba.so.1"], 1));
        assert_ne!(first, read(&["liba.so.1", "/opt/liba.so.1"], 0));
        assert_ne!(
            Reading::Libraries.meaning(b""),
            Reading::Libraries.meaning(b"")
        );
    }
}
