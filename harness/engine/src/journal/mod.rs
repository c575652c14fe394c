//! The journal: append-only, checksummed, fsynced. Its header is a run's first write, its trailer
//! the last record; every other file of a run is derived from it.
//!
//! One record is one line: 64 hexadecimal digits, a space, a JSON object. The digits are the
//! SHA-256 of the previous record's digits, a newline and the JSON, so a line that was altered,
//! lost or cut off is noticed at that line. A journal is complete only when its last byte is the
//! newline after a trailer.

mod reader;
mod record;
mod writer;

pub use reader::{Journal, JournalError};
pub use record::{Header, Record, Trailer};
pub use writer::JournalWriter;

use model::{Digest, Hasher};

/// Links `json` to the record before it.
fn chain(previous: &str, json: &str) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(previous.as_bytes());
    hasher.update(b"\n");
    hasher.update(json.as_bytes());
    hasher.finish()
}

/// What the first record is chained to.
const ROOT: &str = "certify.journal/v1";
