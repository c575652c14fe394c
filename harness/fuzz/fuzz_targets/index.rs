//! Package indexes: what is built opens again, and its records are found by name.
#![no_main]

use deb::Index;
use libfuzzer_sys::fuzz_target;
use model::Arch;

fuzz_target!(|data: &[u8]| {
    // Opening a kept form that is none must fail and no more.
    let _ = Index::open(data.to_vec().into());
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(built) = Index::build(text, Arch::Amd64) else { return };
    let opened = Index::open(built.bytes().clone()).expect("what was built");
    assert_eq!(opened.len(), built.len());
    for package in opened.packages() {
        assert!(opened.named(&package.name).contains(&package), "{}", package.name);
    }
});
