//! Signatures: good keys of every kind, and everything that must be refused.

use deb::{BadSignature, Keyring};
use testkit::{Algorithm, ArchiveKey, KeyPlan, Purpose, SignPlan, Standing, clearsign};

use crate::scene::{SIGNED, now};

const TEXT: &str = "Origin: Test\n- dash\n-- dashes\n\nblank at end  \nlast\n";

fn keyring(keys: &[&ArchiveKey]) -> Keyring {
    Keyring::read_all(keys.iter().map(|k| k.armored())).unwrap()
}

fn rsa(plan: KeyPlan) -> KeyPlan {
    KeyPlan {
        algorithm: Algorithm::Rsa2048,
        ..plan
    }
}

fn refusal(message: &str, keys: &Keyring) -> String {
    keys.verify(message.as_bytes(), now())
        .unwrap_err()
        .to_string()
}

#[test]
fn accepts_primaries_and_subkeys_of_both_algorithms() {
    let other = ArchiveKey::make(&KeyPlan::WITH_SUBKEY);
    for plan in [KeyPlan::PLAIN, KeyPlan::WITH_SUBKEY, rsa(KeyPlan::PLAIN)] {
        let key = ArchiveKey::make(&plan);
        let message = clearsign(TEXT, &[(&key, SignPlan::at(SIGNED))]);
        let armored = keyring(&[&other, &key]);
        let blocks = Keyring::read(format!("{}{}", other.armored(), key.armored()).as_bytes());
        let binary = Keyring::read(&[other.binary(), key.binary()].concat());
        for keys in [armored, blocks.unwrap(), binary.unwrap()] {
            assert_eq!(keys.len(), 2);
            let signed = keys.verify(message.as_bytes(), now()).unwrap();
            assert_eq!(signed.signer.key, key.signing_fingerprint(), "{plan:?}");
            assert_eq!(signed.signer.made.as_second(), i64::from(SIGNED));
            assert_eq!(signed.text, TEXT.replace("end  ", "end") + "\n");
        }
    }
}

#[test]
fn one_valid_signature_of_several_is_enough() {
    let (known, unknown) = (
        ArchiveKey::make(&KeyPlan::PLAIN),
        ArchiveKey::make(&KeyPlan::PLAIN),
    );
    let plan = SignPlan::at(SIGNED);
    let message = clearsign(TEXT, &[(&unknown, plan), (&known, plan), (&unknown, plan)]);
    assert!(keyring(&[&known]).verify(message.as_bytes(), now()).is_ok());
    let neither = ArchiveKey::make(&KeyPlan::PLAIN);
    let fault = keyring(&[&neither])
        .verify(message.as_bytes(), now())
        .unwrap_err();
    assert!(matches!(fault, BadSignature::NoneValid(all) if all.len() == 3));
}

#[test]
fn refuses_keys_that_may_not_sign() {
    let plain = |primary| KeyPlan {
        primary,
        ..KeyPlan::PLAIN
    };
    let subkey = |primary, subkey| KeyPlan {
        primary,
        subkey: Some(subkey),
        ..KeyPlan::PLAIN
    };
    let day = 86_400;
    for (plan, why) in [
        (plain(Standing::Lives(day)), "key expired at 2023-11-15"),
        (plain(Standing::Revoked), "key revoked"),
        (rsa(plain(Standing::WeaklyBound)), "not bound"),
        (plain(Standing::Unbound), "not bound"),
        (subkey(Standing::Lives(day), Standing::Good), "key expired"),
        (subkey(Standing::Revoked, Standing::Good), "key revoked"),
        (subkey(Standing::Unbound, Standing::Good), "not bound"),
        (subkey(Standing::Good, Standing::Lives(day)), "key expired"),
        (subkey(Standing::Good, Standing::Revoked), "key revoked"),
        (
            rsa(subkey(Standing::Good, Standing::WeaklyBound)),
            "not bound",
        ),
        (subkey(Standing::Good, Standing::Unbound), "not bound"),
        (
            KeyPlan {
                primary_purpose: Purpose::Certifying,
                ..KeyPlan::PLAIN
            },
            "not made for signing",
        ),
        (
            KeyPlan {
                subkey_purpose: Purpose::Certifying,
                ..KeyPlan::WITH_SUBKEY
            },
            "not made for signing",
        ),
    ] {
        let key = ArchiveKey::make(&plan);
        let message = clearsign(TEXT, &[(&key, SignPlan::at(SIGNED))]);
        let fault = refusal(&message, &keyring(&[&key]));
        assert!(fault.contains(why), "{plan:?}: {fault}");
    }
    let living = ArchiveKey::make(&plain(Standing::Lives(u32::MAX / 4)));
    let message = clearsign(TEXT, &[(&living, SignPlan::at(SIGNED))]);
    assert!(
        keyring(&[&living])
            .verify(message.as_bytes(), now())
            .is_ok()
    );
}

#[test]
fn refuses_signatures_that_do_not_hold() {
    // Only RSA can be made to sign weak digests.
    let key = ArchiveKey::make(&rsa(KeyPlan::PLAIN));
    let plan = SignPlan::at(SIGNED);
    for (plan, why) in [
        (
            SignPlan {
                lives: Some(3600),
                ..plan
            },
            "signature expired",
        ),
        (SignPlan { digest: 2, ..plan }, "digest SHA1 is too weak"),
        (SignPlan { digest: 11, ..plan }, "digest SHA224 is too weak"),
        (
            SignPlan {
                at: SIGNED + 10 * 86_400,
                ..plan
            },
            "which cannot be",
        ),
        (
            SignPlan {
                at: 1_600_000_000,
                ..plan
            },
            "which cannot be",
        ),
    ] {
        let message = clearsign(TEXT, &[(&key, plan)]);
        let fault = refusal(&message, &keyring(&[&key]));
        assert!(fault.contains(why), "{plan:?}: {fault}");
    }
}

#[test]
fn refuses_tampered_texts() {
    let key = ArchiveKey::make(&KeyPlan::PLAIN);
    let message = clearsign(TEXT, &[(&key, SignPlan::at(SIGNED))]);
    let keys = keyring(&[&key]);
    for (from, to, why) in [
        ("Test", "Best", "does not fit the text"),
        ("last\n", "last\nline\n", "does not fit the text"),
        (
            "-----BEGIN PGP SIGNED",
            "evil\n-----BEGIN PGP SIGNED",
            "not a clearsigned text",
        ),
        ("-----END PGP SIGNATURE-----", "", "not a clearsigned text"),
        ("- - dash", "-dash", "not a clearsigned text"),
    ] {
        assert!(message.contains(from), "{from}");
        let fault = refusal(&message.replacen(from, to, 1), &keys);
        assert!(fault.contains(why), "{from}: {fault}");
    }
    for (text, why) in [
        (format!("{message}evil\n"), "not a clearsigned text"),
        (TEXT.to_owned(), "not a clearsigned text"),
        (String::new(), "not a clearsigned text"),
    ] {
        assert!(refusal(&text, &keys).contains(why), "{text}");
    }
    assert!(keys.verify(b"\xff\xfe", now()).is_err());
    let nobody = ArchiveKey::make(&KeyPlan::PLAIN);
    assert!(refusal(&message, &keyring(&[&nobody])).contains("not in the keyring"));
}

#[test]
fn refuses_bytes_that_are_no_keys() {
    let key = ArchiveKey::make(&KeyPlan::PLAIN);
    let half = key.binary()[..20].to_vec();
    for bytes in [b"".to_vec(), b"not a key".to_vec(), half] {
        assert!(Keyring::read(&bytes).is_err(), "{bytes:?}");
    }
}
