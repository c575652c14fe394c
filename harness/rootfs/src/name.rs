//! Names that are not UTF-8, held in text without loss.
//!
//! Linux names are bytes; nearly all of them are UTF-8, and every listing, report and JSON file
//! wants text. So a tree speaks text, and each byte that is no part of valid UTF-8 is held as the
//! character U+10FF00 + byte (a private-use code point). A name that really contains one of those
//! 128 characters has its four bytes held one by one, so both directions are exact inverses.

use std::borrow::Cow;

const BASE: u32 = 0x10_FF00;

/// The text that stands for the bytes of a name or link target.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if is_escape(char) {
                let mut buffer = [0; 4];
                char.encode_utf8(&mut buffer);
                text.extend(buffer.into_iter().map(escaped));
            } else {
                text.push(char);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(escaped));
    }
    text
}

/// The bytes that a text made by [`escape`] stands for.
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(is_escape) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        if is_escape(char) {
            bytes.push((u32::from(char) - BASE) as u8);
        } else {
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Cow::Owned(bytes)
}

fn is_escape(char: char) -> bool {
    u32::from(char) >= BASE + 0x80
}

fn escaped(byte: u8) -> char {
    // Always a valid character: BASE + 0xFF is char::MAX.
    char::from_u32(BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_survive(bytes: Vec<u8>) {
            let text = escape(&bytes);
            prop_assert_eq!(&*unescape(&text), &bytes[..]);
        }

        #[test]
        fn different_names_stay_different(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(a == b, escape(&a) == escape(&b));
        }
    }

    #[test]
    fn utf8_is_left_alone() {
        assert_eq!(escape("Főtanúsítvány".as_bytes()), "Főtanúsítvány");
        let real = "\u{10FFEE}";
        let text = escape(real.as_bytes());
        assert_eq!(
            (&*unescape(&text), text.chars().count()),
            (real.as_bytes(), 4)
        );
        assert_eq!(escape(b"\xff"), "\u{10FFFF}");
    }
}
