//! Keys of an archive, good and bad ones, and texts signed by them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedKeyDetails,
    SignedPublicKey, SignedPublicSubKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    KeyFlags, PublicKey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData,
    UserId,
};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, Password, SignedUser, SigningKey, Tag, Timestamp};
use rand::thread_rng;

/// How a key is to be.
#[derive(Debug, Clone, Copy)]
pub struct KeyPlan {
    /// The algorithm of the primary key; a subkey is Ed25519. Weak digests need RSA.
    pub algorithm: Algorithm,
    /// When it was made, in seconds since 1970.
    pub made: u32,
    /// The primary key.
    pub primary: Standing,
    /// What the primary key is for.
    pub primary_purpose: Purpose,
    /// The signing subkey, if there is one: then it signs.
    pub subkey: Option<Standing>,
    /// What the subkey is for.
    pub subkey_purpose: Purpose,
}

/// Algorithms of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Algorithm {
    Ed25519,
    Rsa2048,
}

/// Whether a key can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// For ever.
    Good,
    /// Until so many seconds after it was made.
    Lives(u32),
    /// Revoked by its owner.
    Revoked,
    /// Bound with SHA-1 only.
    WeaklyBound,
    /// Without any valid binding; for a subkey: without the back signature.
    Unbound,
}

/// What a key is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Purpose {
    Signing,
    Certifying,
}

/// A key pair.
#[derive(Debug, Clone)]
pub struct ArchiveKey {
    secret: SignedSecretKey,
    public: SignedPublicKey,
    uses_subkey: bool,
}

/// How a text is signed.
#[derive(Debug, Clone, Copy)]
pub struct SignPlan {
    /// When, in seconds since 1970.
    pub at: u32,
    /// For how many seconds the signature holds; none means for ever.
    pub lives: Option<u32>,
    /// The digest, by its OpenPGP number: 2 is SHA-1, 8 SHA-256, 10 SHA-512.
    pub digest: u8,
}

impl KeyPlan {
    /// An Ed25519 key of the year 2023 that signs by itself.
    pub const PLAIN: Self = Self {
        algorithm: Algorithm::Ed25519,
        made: 1_700_000_000,
        primary: Standing::Good,
        primary_purpose: Purpose::Signing,
        subkey: None,
        subkey_purpose: Purpose::Signing,
    };

    /// The same with a signing subkey.
    pub const WITH_SUBKEY: Self = Self {
        subkey: Some(Standing::Good),
        ..Self::PLAIN
    };
}

impl SignPlan {
    /// A lasting SHA-512 signature.
    pub const fn at(at: u32) -> Self {
        Self {
            at,
            lives: None,
            digest: 10,
        }
    }
}

impl ArchiveKey {
    /// Makes a key. The first RSA key of a test program takes seconds.
    pub fn make(plan: &KeyPlan) -> Self {
        let secret = generate(plan);
        let public_key = secret.primary_key.public_key().clone();
        let standing = plan.primary;
        let mut revocation_signatures = Vec::new();
        if standing == Standing::Revoked {
            let config = config(
                &secret.primary_key,
                SignatureType::KeyRevocation,
                plan.made,
                &[],
            );
            let signature = config.sign_key(&secret.primary_key, &Password::empty(), &public_key);
            revocation_signatures.push(signature.unwrap());
        }
        let id = UserId::from_str(
            pgp::types::PacketHeaderVersion::New,
            "Archive <a@example.org>",
        );
        let user = user(&secret, &public_key, id.unwrap(), plan);
        let details = SignedKeyDetails::new(revocation_signatures, vec![], vec![user], vec![]);
        let subkeys = match plan.subkey {
            None => Vec::new(),
            Some(standing) => vec![subkey(&secret, &public_key, standing, plan)],
        };
        Self {
            uses_subkey: plan.subkey.is_some(),
            public: SignedPublicKey::new(public_key, details, subkeys),
            secret,
        }
    }

    /// The public key in ASCII armor.
    pub fn armored(&self) -> String {
        self.public
            .to_armored_string(ArmorOptions::default())
            .unwrap()
    }

    /// The public key in binary.
    pub fn binary(&self) -> Vec<u8> {
        self.public.to_bytes().unwrap()
    }

    /// The fingerprint of the key that signs, in lower-case hexadecimal digits.
    pub fn signing_fingerprint(&self) -> String {
        match self.uses_subkey {
            true => hex::encode(self.secret.secret_subkeys[0].key.fingerprint().as_bytes()),
            false => hex::encode(self.secret.primary_key.fingerprint().as_bytes()),
        }
    }

    fn signature(&self, text: &str, plan: &SignPlan) -> Signature {
        match self.uses_subkey {
            true => sign(&self.secret.secret_subkeys[0].key, text, plan),
            false => sign(&self.secret.primary_key, text, plan),
        }
    }
}

/// A clearsigned text with one signature per key.
pub fn clearsign(text: &str, signers: &[(&ArchiveKey, SignPlan)]) -> String {
    let message = CleartextSignedMessage::new_many(text, |text| {
        // Blanks at line ends are not signed (RFC 9580, 7.2).
        let lines: Vec<_> = text
            .split("\r\n")
            .map(|line| line.trim_end_matches([' ', '\t']))
            .collect();
        let text = &lines.join("\r\n");
        let sign = |(key, plan): &(&ArchiveKey, SignPlan)| key.signature(text, plan);
        Ok(signers.iter().map(sign).collect())
    });
    message
        .unwrap()
        .to_armored_string(ArmorOptions::default())
        .unwrap()
}

fn sign(key: &impl SigningKey, text: &str, plan: &SignPlan) -> Signature {
    let lives = plan
        .lives
        .map(|s| SubpacketData::SignatureExpirationTime(Duration::from_secs(s)));
    let mut config = config(key, SignatureType::Text, plan.at, lives.as_slice());
    config.hash_alg = HashAlgorithm::from(plan.digest);
    config
        .sign(key, &Password::empty(), text.as_bytes())
        .unwrap()
}

/// The packets of a key. An RSA key is slow to find: there is one per date and test program.
fn generate(plan: &KeyPlan) -> SignedSecretKey {
    static FOUND: Mutex<BTreeMap<(u32, bool), SignedSecretKey>> = Mutex::new(BTreeMap::new());
    let with_subkey = plan.subkey.is_some();
    match plan.algorithm {
        Algorithm::Ed25519 => find(KeyType::Ed25519Legacy, plan.made, with_subkey),
        Algorithm::Rsa2048 => {
            let mut found = FOUND.lock().unwrap();
            let key = found.entry((plan.made, with_subkey));
            key.or_insert_with(|| find(KeyType::Rsa(2048), plan.made, with_subkey))
                .clone()
        }
    }
}

fn find(kind: KeyType, made: u32, with_subkey: bool) -> SignedSecretKey {
    let made = Timestamp::from_secs(made);
    let mut builder = SecretKeyParamsBuilder::default();
    builder
        .key_type(kind)
        .can_certify(true)
        .can_sign(true)
        .created_at(made)
        .primary_user_id("Archive <a@example.org>".to_owned());
    if with_subkey {
        let mut subkey = SubkeyParamsBuilder::default();
        subkey
            .key_type(KeyType::Ed25519Legacy)
            .can_sign(true)
            .created_at(made);
        builder.subkey(subkey.build().unwrap());
    }
    builder.build().unwrap().generate(thread_rng()).unwrap()
}

/// The identity and the self-signature that binds it.
fn user(secret: &SignedSecretKey, public: &PublicKey, id: UserId, plan: &KeyPlan) -> SignedUser {
    let mut packets = vec![flags(plan.primary_purpose)];
    packets.extend(life(plan.primary));
    let key = &secret.primary_key;
    let mut config = config(key, SignatureType::CertPositive, plan.made, &packets);
    if plan.primary == Standing::WeaklyBound {
        config.hash_alg = HashAlgorithm::Sha1;
    }
    let signed_id = match plan.primary {
        Standing::Unbound => {
            UserId::from_str(pgp::types::PacketHeaderVersion::New, "other").unwrap()
        }
        _ => id.clone(),
    };
    let password = Password::empty();
    let signature = config.sign_certification(key, public, &password, Tag::UserId, &signed_id);
    SignedUser::new(id, vec![signature.unwrap()])
}

fn subkey(
    secret: &SignedSecretKey,
    public: &PublicKey,
    standing: Standing,
    plan: &KeyPlan,
) -> SignedPublicSubKey {
    let key = &secret.secret_subkeys[0].key;
    let public_subkey = key.public_key().clone();
    let password = Password::empty();
    let back = config(key, SignatureType::KeyBinding, plan.made, &[])
        .sign_primary_key_binding(key, &public_subkey, &password, public)
        .unwrap();
    let mut packets = vec![flags(plan.subkey_purpose)];
    packets.extend(life(standing));
    if standing != Standing::Unbound {
        packets.push(SubpacketData::EmbeddedSignature(Box::new(back)));
    }
    let primary = &secret.primary_key;
    let bind = |kind, packets: &[SubpacketData]| {
        let mut config = config(primary, kind, plan.made, packets);
        if standing == Standing::WeaklyBound {
            config.hash_alg = HashAlgorithm::Sha1;
        }
        config
            .sign_subkey_binding(primary, public, &password, &public_subkey)
            .unwrap()
    };
    let mut signatures = vec![bind(SignatureType::SubkeyBinding, &packets)];
    if standing == Standing::Revoked {
        signatures.push(bind(SignatureType::SubkeyRevocation, &[]));
    }
    SignedPublicSubKey::new(public_subkey, signatures)
}

fn config(
    key: &impl SigningKey,
    kind: SignatureType,
    at: u32,
    packets: &[SubpacketData],
) -> SignatureConfig {
    let mut config = SignatureConfig::from_key(thread_rng(), key, kind).unwrap();
    config.hash_alg = HashAlgorithm::Sha512;
    let own = [
        SubpacketData::SignatureCreationTime(Timestamp::from_secs(at)),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
    ];
    let packets = own.iter().chain(packets).cloned();
    config.hashed_subpackets = packets.map(|p| Subpacket::regular(p).unwrap()).collect();
    config
}

fn flags(purpose: Purpose) -> SubpacketData {
    let mut flags = KeyFlags::default();
    flags.set_certify(purpose == Purpose::Certifying);
    flags.set_sign(purpose == Purpose::Signing);
    SubpacketData::KeyFlags(flags)
}

fn life(standing: Standing) -> Option<SubpacketData> {
    match standing {
        Standing::Lives(s) => Some(SubpacketData::KeyExpirationTime(Duration::from_secs(s))),
        _ => None,
    }
}
