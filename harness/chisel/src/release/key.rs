//! The public keys of a release, and what the format asks of them.
//!
//! Foreign releases may only carry one primary key per block, under its id. Ours may carry
//! several keys with subkeys of any algorithm, as distributions other than Ubuntu sign with.

use std::collections::BTreeMap;

use deb::Keyring;

use super::archive::bad;
use super::files::ReleaseFiles;
use super::raw::RawKey;
use crate::error::{Error, ErrorClass, Result};

/// The key material that may sign an archive's InRelease.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PublicKey {
    /// Its name in the release.
    pub name: String,
    /// The last 16 hexadecimal digits of the primary key's fingerprint, where announced.
    pub id: Option<String>,
    /// One or more OpenPGP keys, armored or binary.
    pub material: Vec<u8>,
}

/// OpenPGP packet tags (RFC 4880, section 4.3).
const SECRET_KEY: u8 = 5;
const PUBLIC_KEY: u8 = 6;
const SECRET_SUBKEY: u8 = 7;
const PUBLIC_SUBKEY: u8 = 14;

/// Algorithms of the Edwards curves: legacy EdDSA and the two of RFC 9580.
const EDWARDS: [u8; 3] = [22, 27, 28];

/// Reads every key of a release.
pub(super) fn keys(
    raw: Option<BTreeMap<String, RawKey>>,
    files: &ReleaseFiles,
) -> Result<BTreeMap<String, PublicKey>> {
    let mut keys = BTreeMap::new();
    for (name, raw) in raw.unwrap_or_default() {
        let material = match raw.path.as_deref() {
            Some(path) => {
                let inside = path.starts_with("keys/") && !path.contains("..");
                let bytes = files.get(path).filter(|_| inside).ok_or_else(|| {
                    key_error(format!(
                        "public key {name:?} names no file below keys/: {path:?}"
                    ))
                })?;
                bytes.to_vec()
            }
            None => {
                let armor = raw.armor.unwrap_or_default();
                check_inline(&armor).map_err(|text| {
                    key_error(format!("cannot decode public key {name:?}: {text}"))
                })?;
                let bytes = armor.into_bytes();
                check_id(&name, &bytes, raw.id.as_deref().unwrap_or_default())?;
                bytes
            }
        };
        let key = PublicKey {
            name: name.clone(),
            id: raw.id,
            material,
        };
        keys.insert(name, key);
    }
    Ok(keys)
}

/// The announced id must be that of the key, in capitals.
fn check_id(name: &str, armor: &[u8], id: &str) -> Result<()> {
    let ring = Keyring::read(armor)
        .map_err(|error| key_error(format!("cannot decode public key {name:?}: {error}")))?;
    let found = ring
        .fingerprints()
        .first()
        .map(|text| text.to_uppercase())
        .unwrap_or_default();
    let found = found
        .get(found.len().saturating_sub(16)..)
        .unwrap_or_default();
    if found == id {
        return Ok(());
    }
    let text = format!("armor has incorrect ID: expected {id:?}, got {found:?}");
    Err(key_error(format!("public key {name:?} {text}")))
}

/// The rules for an inline block: armored, one public key and nothing else that is a key.
fn check_inline(armor: &str) -> Result<(), String> {
    let bytes = dearmor(armor).ok_or("cannot decode armored data")?;
    let mut public = 0;
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (tag, body, after) = packet(rest).ok_or("cannot decode armored data")?;
        match tag {
            SECRET_KEY | SECRET_SUBKEY => return Err("armored data contains private key".into()),
            PUBLIC_KEY | PUBLIC_SUBKEY => {
                public += 1;
                // Version, four bytes of time, algorithm (RFC 4880, section 5.5.2).
                if let Some(algorithm) = body.get(5).filter(|byte| EDWARDS.contains(byte)) {
                    return Err(format!("unsupported public key type: {algorithm}"));
                }
            }
            _ => {}
        }
        rest = after;
    }
    match public {
        0 => Err("armored data contains no public key".into()),
        1 => Ok(()),
        _ => Err("armored data contains more than one public key".into()),
    }
}

/// The bytes of the first armored block in `text`.
fn dearmor(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().map(str::trim_end);
    lines.find(|line| line.starts_with("-----BEGIN PGP ") && line.ends_with("-----"))?;
    let body: Vec<_> = lines
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    let start = body
        .iter()
        .position(|line| line.is_empty())
        .map_or(0, |at| at + 1);
    let mut bytes = Vec::new();
    let mut bits = 0_u32;
    let mut count = 0;
    for byte in body[start..]
        .iter()
        .filter(|line| !line.starts_with('='))
        .flat_map(|l| l.bytes())
    {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Splits the first OpenPGP packet off: tag, body, rest. Partial lengths are refused.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&header, rest) = bytes.split_first()?;
    if header & 0x80 == 0 {
        return None;
    }
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_usize, |sum, &b| sum << 8 | usize::from(b))
    };
    let (tag, length, rest) = if header & 0x40 == 0 {
        let width = match header & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        let (length, rest) = rest.split_at_checked(width)?;
        (header >> 2 & 0xf, number(length), rest)
    } else {
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=191 => (usize::from(first), rest),
            192..=223 => {
                let (&second, rest) = rest.split_first()?;
                (
                    (usize::from(first) - 192) * 256 + usize::from(second) + 192,
                    rest,
                )
            }
            255 => {
                let (length, rest) = rest.split_at_checked(4)?;
                (number(length), rest)
            }
            _ => return None,
        };
        (header & 0x3f, length, rest)
    };
    let (body, after) = rest.split_at_checked(length)?;
    Some((tag, body, after))
}

/// An error about a key.
fn key_error(text: String) -> Error {
    Error::new(ErrorClass::Key, bad(text).to_string())
}
