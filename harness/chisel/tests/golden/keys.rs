//! The keys of a case, made once per kind and name.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testkit::{Algorithm, ArchiveKey, KeyPlan, SignPlan, Standing};

use crate::case::Case;

/// When the archives of the cases are signed, in seconds since 1970.
const SIGNED: u32 = 1_714_057_833;

/// The key called `name` in `case`.
pub(crate) fn key(case: &Case, name: &str) -> ArchiveKey {
    let found = case.world.keys.iter().find(|key| key.name == name);
    let kind = found.map_or("rsa", |key| key.kind.as_str());
    static MADE: OnceLock<Mutex<BTreeMap<(String, String), ArchiveKey>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap();
    let make = || ArchiveKey::make(&plan(kind));
    made.entry((kind.to_owned(), name.to_owned()))
        .or_insert_with(make)
        .clone()
}

fn plan(kind: &str) -> KeyPlan {
    let rsa = KeyPlan {
        algorithm: Algorithm::Rsa2048,
        ..KeyPlan::PLAIN
    };
    match kind {
        "ed25519" => KeyPlan::PLAIN,
        "rsa-subkey" => KeyPlan {
            subkey: Some(Standing::Good),
            ..rsa
        },
        "expired" => KeyPlan {
            primary: Standing::Lives(2 * (SIGNED - rsa.made)),
            ..rsa
        },
        _ => rsa,
    }
}

/// How every suite is signed.
pub(crate) const fn signing() -> SignPlan {
    SignPlan::at(SIGNED)
}

/// The last 16 digits of the primary key's fingerprint, in capitals.
pub(crate) fn id(key: &ArchiveKey) -> String {
    let ring = deb::Keyring::read(&key.binary()).unwrap();
    let print = ring.fingerprints().remove(0).to_uppercase();
    print[print.len() - 16..].to_owned()
}

/// The block of `key` with the tags of secret keys.
pub(crate) fn as_secret(key: &ArchiveKey) -> String {
    let mut bytes = key.binary();
    // New format: the tag is in the low six bits; old format: in bits 2 to 5.
    bytes[0] = if bytes[0] & 0x40 == 0 {
        bytes[0] & !0x3c | 5 << 2
    } else {
        0xc5
    };
    let text = STANDARD.encode(bytes);
    format!(
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{text}\n-----END PGP PRIVATE KEY BLOCK-----\n"
    )
}
