//! Canonical JSON: sorted keys, no spaces; what digests of values are taken over.

use serde::Serialize;

use crate::Digest;

/// The canonical JSON text of `value`. Maps are sorted because `serde_json::Value` sorts them.
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // A value of ours always serializes: no map with non-text keys, no failing Serialize.
    serde_json::to_value(value)
        .map(|json| json.to_string())
        .unwrap_or_default()
}

/// The digest of the canonical JSON of `value`.
pub fn digest<T: Serialize + ?Sized>(value: &T) -> Digest {
    Digest::of(text(value).as_bytes())
}
