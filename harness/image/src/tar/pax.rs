//! PAX extended headers: records `LENGTH KEY=VALUE\n`, the length counting itself.

/// The prefix of extended attributes.
pub(crate) const XATTR: &[u8] = b"SCHILY.xattr.";

/// Adds a record.
pub(crate) fn put(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    // The length has as many digits as it needs to count itself.
    let mut length = rest + 1;
    while length != rest + digits(length) {
        length = rest + digits(length);
    }
    out.extend_from_slice(length.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// The records of a header, in order; none if it is malformed anywhere. A value may hold any byte.
pub(crate) fn records(mut bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
        let digits = &bytes[..space];
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let record = bytes.get(space + 1..length)?;
        let record = record.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        if key.is_empty() {
            return None;
        }
        found.push((key, value));
        bytes = &bytes[length..];
    }
    Some(found)
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_length_counts_itself() {
        let mut out = Vec::new();
        put(&mut out, b"path", b"ab");
        assert_eq!(out, b"11 path=ab\n");
        for size in 85..105 {
            let mut out = Vec::new();
            put(&mut out, b"k", &vec![b'v'; size]);
            let length = out.split(|byte| *byte == b' ').next().unwrap();
            assert_eq!(String::from_utf8_lossy(length), out.len().to_string());
        }
    }

    #[test]
    fn malformed_records_are_refused() {
        for bad in [
            &b"11 path=ab"[..],
            b"12 path=ab\n",
            b"10 path=ab\n",
            b"7 path\n",
            b"5 =a\n",
            b" a=b\n",
            b"+5 a=\n",
            b"99999999999999999999 a=b\n",
            b"18446744073709551615 a=b\n",
            b"0 a=b\n",
        ] {
            assert_eq!(records(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(
            pairs in prop::collection::vec(("[a-zA-Z.]{1,30}", any::<Vec<u8>>()), 0..5),
        ) {
            let mut out = Vec::new();
            for (key, value) in &pairs {
                put(&mut out, key.as_bytes(), value);
            }
            let found = records(&out).unwrap();
            prop_assert_eq!(found.len(), pairs.len());
            for ((key, value), (k, v)) in pairs.iter().zip(found) {
                prop_assert_eq!((key.as_bytes(), &value[..]), (k, v));
            }
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = records(&bytes);
        }
    }
}
