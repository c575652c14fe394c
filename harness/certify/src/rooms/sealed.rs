//! Bytes that tell when they were damaged: the hexadecimal SHA-256 of the rest, a newline, the rest.
//! What caches keep between runs is sealed so.

use model::Digest;

/// Digits of the digest, and the newline.
const HEAD: usize = 65;

/// Seals `body`.
pub fn seal(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{}\n", Digest::of(body).hex()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// What was sealed; nothing if it is damaged.
pub fn open(bytes: &[u8]) -> Option<&[u8]> {
    let (digest, body) = bytes.split_at_checked(HEAD)?;
    let digest = std::str::from_utf8(digest).ok()?.trim_end();
    (Digest::of(body).hex() == digest).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_or_missing_byte_is_seen() {
        let sealed = seal(b"what was made");
        assert_eq!(open(&sealed), Some(&b"what was made"[..]));
        for at in (0..sealed.len()).filter(|at| *at != HEAD - 1) {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed), None, "byte {at}");
            assert_eq!(open(&sealed[..at]), None, "cut off at {at}");
        }
    }
}
