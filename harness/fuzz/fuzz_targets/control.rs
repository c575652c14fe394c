//! The control format and relations: what is read can be asked for again.
#![no_main]

use deb::control::stanzas;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for stanza in stanzas(text) {
        let Ok(stanza) = stanza else { continue };
        for (name, value) in stanza.fields() {
            assert!(stanza.get(name).is_some(), "{name}");
            let _ = deb::relations(value);
        }
    }
});
