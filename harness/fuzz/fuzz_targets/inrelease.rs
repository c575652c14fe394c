//! Signed texts: nothing passes that no key vouches for, and no text makes a reader panic.
#![no_main]

use deb::{InRelease, Keyring};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = InRelease::read(text);
    }
    let key = include_bytes!("../seeds/key.asc");
    let keys = Keyring::read(key).expect("the key of the seeds");
    let now = Timestamp::from_second(1_760_000_000).expect("a time");
    if let Ok(signed) = keys.verify(data, now) {
        // The seeds hold one text that the key signed; only that one may come out of it.
        assert_eq!(signed.text, include_str!("../seeds/signed.txt"));
    }
});
