//! A whole package file: no bytes make the reader panic or take more than its limits.
#![no_main]

use bytes::Bytes;
use deb::{DebReader, EntryKind, Limits};
use libfuzzer_sys::fuzz_target;

/// Far below those of real packages, so that what passes a limit is seen.
const LIMITS: Limits = Limits {
    unpacked_bytes: 32 << 20,
    ratio: 100,
    decoder_bytes: 32 << 20,
};

fuzz_target!(|data: &[u8]| {
    let file = Bytes::copy_from_slice(data);
    if let Ok(read) = DebReader::read("fuzzed", &file, &LIMITS) {
        let bytes = |entry: &deb::Entry| match &entry.kind {
            EntryKind::File(bytes) => bytes.len() as u64,
            _ => 0,
        };
        let total: u64 = read.entries().iter().map(bytes).sum();
        assert!(total <= LIMITS.unpacked_bytes);
    }
});
