//! Patterns: meeting is symmetric, a pattern meets itself, and a plain path only what it is.
#![no_main]

use chisel::Pattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|pair: (&str, &str)| {
    let (a, b) = pair;
    // Cost grows with the product of the lengths; paths are at most 4,095 bytes long.
    if a.len() + b.len() > 512 {
        return;
    }
    let (first, second) = (Pattern::new(a), Pattern::new(b));
    assert_eq!(first.meets(&second), second.meets(&first), "{a:?} {b:?}");
    assert!(first.meets(&first), "{a:?}");
    if !first.is_glob() && !second.is_glob() {
        assert_eq!(first.meets(&second), a == b, "{a:?} {b:?}");
    }
});
