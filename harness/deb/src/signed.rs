//! Verification of a clearsigned text: `InRelease`.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, VerifyingKey};

use crate::cleartext::Cleartext;
use crate::keyring::{self, KeyFault, Keyring};

/// A text of which one signature at least is valid. Only the signed part is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedText {
    /// The signed text, lines ended by `\n`, blanks at line ends removed (RFC 9580, 7.2).
    pub text: String,
    /// Who signed it: the first valid signature.
    pub signer: Signer,
}

/// The key that made a valid signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Fingerprint of the primary key, lower-case hexadecimal.
    pub primary: String,
    /// Fingerprint of the key that signed: the primary or a subkey.
    pub key: String,
    /// When the signature was made.
    pub made: Timestamp,
}

/// A text that is not signed as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The text is no clearsigned message.
    #[error("not a clearsigned text: {0}")]
    Form(String),
    /// No signature is valid.
    #[error("no valid signature: {}", shown(.0))]
    NoneValid(Vec<Refusal>),
}

/// Why one signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who seems to have made it: a key id or fingerprint, or `unknown`.
    pub issuer: String,
    /// What is wrong.
    pub reason: RefusalReason,
}

/// Why one signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// None of the keys made it.
    #[error("made by a key that is not in the keyring")]
    UnknownKey,
    /// The key is known, but the text is not what it signed.
    #[error("does not fit the text")]
    Mismatch,
    /// The signature is over something else than a text.
    #[error("not a signature of a text")]
    Kind,
    /// The digest is weaker than SHA-256.
    #[error("digest {0} is too weak")]
    WeakDigest(String),
    /// The signature expired.
    #[error("signature expired")]
    Expired,
    /// The signature was made in the future, or before its key.
    #[error("made at {0}, which cannot be")]
    Time(Timestamp),
    /// The key may not sign.
    #[error(transparent)]
    Key(#[from] KeyFault),
}

/// How far a signature may lie in the future: clocks differ.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

impl Keyring {
    /// Verifies a clearsigned text at the time `now`: at least one signature must be valid.
    pub fn verify(&self, message: &[u8], now: Timestamp) -> Result<SignedText, BadSignature> {
        let form = |why: String| BadSignature::Form(why);
        let message = std::str::from_utf8(message).map_err(|e| form(e.to_string()))?;
        let message = Cleartext::read(message).map_err(form)?;
        let signed = message.hashed();
        let signatures = DetachedSignature::from_string_many(message.armor)
            .and_then(|(found, _)| found.collect::<Result<Vec<_>, _>>())
            .map_err(|e| form(e.to_string()))?;
        let mut refusals = Vec::new();
        for DetachedSignature { signature } in &signatures {
            match self.check(signature, &signed, now) {
                Ok(signer) => {
                    let text = message.text();
                    return Ok(SignedText { text, signer });
                }
                Err(reason) => refusals.push(Refusal {
                    issuer: issuer(signature),
                    reason,
                }),
            }
        }
        Err(BadSignature::NoneValid(refusals))
    }

    fn check(
        &self,
        signature: &Signature,
        text: &str,
        now: Timestamp,
    ) -> Result<Signer, RefusalReason> {
        if signature.typ() != Some(SignatureType::Text) {
            return Err(RefusalReason::Kind);
        }
        if keyring::is_weak(signature) {
            let name = signature.hash_alg().map(|h| h.to_string());
            return Err(RefusalReason::WeakDigest(name.unwrap_or_default()));
        }
        let mut refusal = RefusalReason::UnknownKey;
        for key in &self.keys {
            match check_key(key, signature, text, now) {
                Ok(signer) => return Ok(signer),
                Err(RefusalReason::UnknownKey) => {}
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }
}

/// Tries the primary key and then every subkey.
fn check_key(
    key: &SignedPublicKey,
    signature: &Signature,
    text: &str,
    now: Timestamp,
) -> Result<Signer, RefusalReason> {
    let mut refusal = RefusalReason::UnknownKey;
    if is_issuer(signature, &key.primary_key) {
        let checked = check_text(signature, &key.primary_key, text, now)
            .and_then(|made| Ok((made, keyring::check_primary_signs(key, now)?)));
        match checked {
            Ok((made, ())) => return Ok(signer(key, &key.primary_key, made)),
            Err(reason) => refusal = reason,
        }
    }
    for subkey in &key.public_subkeys {
        if !is_issuer(signature, &subkey.key) {
            continue;
        }
        let checked = check_text(signature, &subkey.key, text, now)
            .and_then(|made| Ok((made, keyring::check_subkey_signs(key, subkey, now)?)));
        match checked {
            Ok((made, ())) => return Ok(signer(key, &subkey.key, made)),
            Err(reason) => refusal = reason,
        }
    }
    Err(refusal)
}

/// The arithmetic and the times of one signature by one key.
fn check_text(
    signature: &Signature,
    key: &impl VerifyingKey,
    text: &str,
    now: Timestamp,
) -> Result<Timestamp, RefusalReason> {
    signature
        .verify(key, text.as_bytes())
        .map_err(|_| RefusalReason::Mismatch)?;
    let made = keyring::made(signature).ok_or(RefusalReason::Kind)?;
    let latest = now.saturating_add(CLOCK_TOLERANCE).unwrap_or(now);
    if made > latest || made.as_second() < i64::from(key.created_at().as_secs()) {
        return Err(RefusalReason::Time(made));
    }
    match keyring::is_over(signature, now) {
        true => Err(RefusalReason::Expired),
        false => Ok(made),
    }
}

/// Whether the signature names `key` as its issuer, or names nobody.
fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    let ids = signature.issuer_key_id();
    let fingerprints = signature.issuer_fingerprint();
    (ids.is_empty() && fingerprints.is_empty())
        || ids.into_iter().any(|id| *id == key.legacy_key_id())
        || fingerprints.into_iter().any(|f| *f == key.fingerprint())
}

fn signer(primary: &impl KeyDetails, key: &impl KeyDetails, made: Timestamp) -> Signer {
    Signer {
        primary: hex::encode(primary.fingerprint().as_bytes()),
        key: hex::encode(key.fingerprint().as_bytes()),
        made,
    }
}

fn issuer(signature: &Signature) -> String {
    let fingerprint = signature
        .issuer_fingerprint()
        .first()
        .map(|f| hex::encode(f.as_bytes()));
    let id = || signature.issuer_key_id().first().map(|id| id.to_string());
    fingerprint
        .or_else(id)
        .unwrap_or_else(|| "unknown".to_owned())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.issuer, self.reason)
    }
}

fn shown(refusals: &[Refusal]) -> String {
    let all: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    match all.is_empty() {
        true => "there is no signature".to_owned(),
        false => all.join("; "),
    }
}
