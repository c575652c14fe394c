//! The keys of an archive, and what each of them may sign at a given time.
//!
//! Source: RFC 9580. A key counts when a valid self-signature binds it, it is not revoked and not
//! expired. A subkey also needs a binding with the signing flag and its back signature.

use jiff::Timestamp;
use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, Tag};

/// Public keys that may sign an archive's `InRelease`.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    pub(crate) keys: Vec<SignedPublicKey>,
}

/// Bytes that are no public keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a public key: {0}")]
pub struct BadKey(String);

/// Why a key may not sign now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The key or its primary key expired.
    #[error("key expired at {0}")]
    Expired(Timestamp),
    /// The key or its primary key was revoked.
    #[error("key revoked")]
    Revoked,
    /// No valid self-signature binds the key.
    #[error("key not bound by a valid self-signature")]
    Unbound,
    /// The key is made for something else than signing.
    #[error("key not made for signing")]
    Purpose,
}

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

impl Keyring {
    /// Reads one file with any number of keys, armored (also several blocks) or binary.
    pub fn read(bytes: &[u8]) -> Result<Self, BadKey> {
        let mut keys = Vec::new();
        let text = std::str::from_utf8(bytes).ok();
        match text.filter(|text| text.contains(BEGIN)) {
            Some(text) => {
                for (at, _) in text.match_indices(BEGIN) {
                    let block = text.get(at..).unwrap_or_default();
                    let (block_keys, _) = SignedPublicKey::from_string_many(block)
                        .map_err(|e| BadKey(e.to_string()))?;
                    collect(block_keys, &mut keys)?;
                }
            }
            None => collect(
                SignedPublicKey::from_bytes_many(bytes).map_err(|e| BadKey(e.to_string()))?,
                &mut keys,
            )?,
        }
        match keys.is_empty() {
            true => Err(BadKey("no key inside".to_owned())),
            false => Ok(Self { keys }),
        }
    }

    /// All keys of several files.
    pub fn read_all<B: AsRef<[u8]>>(files: impl IntoIterator<Item = B>) -> Result<Self, BadKey> {
        let mut all = Self::default();
        for file in files {
            all.keys.extend(Self::read(file.as_ref())?.keys);
        }
        Ok(all)
    }

    /// Fingerprints of the primary keys, in lower-case hexadecimal digits.
    pub fn fingerprints(&self) -> Vec<String> {
        let fingerprint = |key: &SignedPublicKey| hex::encode(key.fingerprint().as_bytes());
        self.keys.iter().map(fingerprint).collect()
    }

    /// How many primary keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

fn collect(
    found: impl Iterator<Item = pgp::errors::Result<SignedPublicKey>>,
    keys: &mut Vec<SignedPublicKey>,
) -> Result<(), BadKey> {
    for key in found {
        keys.push(key.map_err(|e| BadKey(e.to_string()))?);
    }
    Ok(())
}

/// Whether the primary key may be relied on at `now`.
pub(crate) fn check_primary(key: &SignedPublicKey, now: Timestamp) -> Result<(), KeyFault> {
    check_valid(key, now).map(|_| ())
}

/// Whether the primary key may sign data at `now`.
pub(crate) fn check_primary_signs(key: &SignedPublicKey, now: Timestamp) -> Result<(), KeyFault> {
    let newest = check_valid(key, now)?;
    // Keys without flags are old general purpose keys.
    match has_flags(newest) && !newest.key_flags().sign() {
        true => Err(KeyFault::Purpose),
        false => Ok(()),
    }
}

/// Whether `subkey` may sign data at `now`.
pub(crate) fn check_subkey_signs(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<(), KeyFault> {
    check_primary(key, now)?;
    let mut bindings = Vec::new();
    for signature in &subkey.signatures {
        let primary = &key.primary_key;
        if signature
            .verify_subkey_binding(primary, &subkey.key)
            .is_err()
        {
            continue;
        }
        match signature.typ() {
            // A revocation counts whatever its digest or time: doubt goes against the key.
            Some(SignatureType::SubkeyRevocation) => return Err(KeyFault::Revoked),
            Some(SignatureType::SubkeyBinding) if counts(signature, now) => {
                bindings.push(signature);
            }
            _ => {}
        }
    }
    let newest = newest(&bindings).ok_or(KeyFault::Unbound)?;
    if !newest.key_flags().sign() {
        return Err(KeyFault::Purpose);
    }
    let back = newest.embedded_signature().ok_or(KeyFault::Unbound)?;
    if is_weak(back) {
        return Err(KeyFault::Unbound);
    }
    back.verify_primary_key_binding(&subkey.key, &key.primary_key)
        .map_err(|_| KeyFault::Unbound)?;
    check_expiry(subkey.key.created_at(), newest, now)
}

/// The newest self-signature of a primary key that is neither revoked nor expired.
fn check_valid(key: &SignedPublicKey, now: Timestamp) -> Result<&Signature, KeyFault> {
    let primary = &key.primary_key;
    let revoked = |signature: &Signature| signature.verify_key(primary).is_ok();
    if key.details.revocation_signatures.iter().any(revoked) {
        return Err(KeyFault::Revoked);
    }
    let mut bindings: Vec<&Signature> = Vec::new();
    for signature in &key.details.direct_signatures {
        if counts(signature, now) && signature.verify_key(primary).is_ok() {
            bindings.push(signature);
        }
    }
    for user in &key.details.users {
        let own = |signature: &&Signature| {
            counts(signature, now)
                && signature
                    .verify_certification(primary, Tag::UserId, &user.id)
                    .is_ok()
        };
        let own: Vec<_> = user.signatures.iter().filter(own).collect();
        if let Some(newest) = newest(&own)
            && newest.typ() != Some(SignatureType::CertRevocation)
        {
            bindings.push(newest);
        }
    }
    let newest = newest(&bindings).ok_or(KeyFault::Unbound)?;
    check_expiry(primary.created_at(), newest, now)?;
    Ok(newest)
}

fn check_expiry(
    created: pgp::types::Timestamp,
    binding: &Signature,
    now: Timestamp,
) -> Result<(), KeyFault> {
    let lifetime = binding.key_expiration_time().map_or(0, |d| d.as_secs());
    let end = i64::from(created.as_secs()) + i64::from(lifetime);
    match lifetime != 0 && end <= now.as_second() {
        true => Err(KeyFault::Expired(
            Timestamp::from_second(end).unwrap_or(Timestamp::MAX),
        )),
        false => Ok(()),
    }
}

/// Whether a self-signature is strong enough, made by now, and not expired itself.
fn counts(signature: &Signature, now: Timestamp) -> bool {
    !is_weak(signature) && made(signature).is_some_and(|at| at <= now) && !is_over(signature, now)
}

/// The signature whose creation time is the latest.
fn newest<'a>(signatures: &[&'a Signature]) -> Option<&'a Signature> {
    signatures.iter().copied().max_by_key(|s| s.created())
}

fn has_flags(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        config
            .hashed_subpackets()
            .any(|packet| matches!(packet.data, SubpacketData::KeyFlags(_)))
    })
}

/// Whether the message digest is weaker than SHA-256.
pub(crate) fn is_weak(signature: &Signature) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha256, Sha384, Sha512};
    !matches!(
        signature.hash_alg(),
        Some(Sha256 | Sha384 | Sha512 | Sha3_256 | Sha3_512)
    )
}

/// When the signature was made.
pub(crate) fn made(signature: &Signature) -> Option<Timestamp> {
    let seconds = signature.created()?.as_secs();
    Timestamp::from_second(i64::from(seconds)).ok()
}

/// Whether the signature's own lifetime has passed.
pub(crate) fn is_over(signature: &Signature, now: Timestamp) -> bool {
    let lifetime = signature.signature_expiration_time();
    let lifetime = lifetime.map_or(0, |d| i64::from(d.as_secs()));
    let end = made(signature).map_or(0, |at| at.as_second() + lifetime);
    lifetime != 0 && end <= now.as_second()
}
