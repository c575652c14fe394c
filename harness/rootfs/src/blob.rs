//! File contents, shared and hashed at most once.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use model::Digest;

/// The content of a regular file: a zero-copy slice of what it was read from, or only its size and
/// digest when the content itself is not at hand (a tree read back from its listing). Clones share
/// the bytes and the digest, which is computed when first asked for.
#[derive(Clone)]
pub struct Blob {
    bytes: Option<Bytes>,
    size: u64,
    digest: Arc<OnceLock<Digest>>,
}

impl Blob {
    /// A blob of `bytes`; hashed when the digest is first asked for.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            size: bytes.len() as u64,
            bytes: Some(bytes),
            digest: Arc::default(),
        }
    }

    /// A blob whose digest the caller has just computed over the same bytes.
    pub fn hashed(bytes: impl Into<Bytes>, digest: Digest) -> Self {
        let blob = Self::new(bytes);
        let _ = blob.digest.set(digest);
        blob
    }

    /// A blob of which only size and digest are known.
    pub fn recorded(size: u64, digest: Digest) -> Self {
        Self {
            bytes: None,
            size,
            digest: Arc::new(OnceLock::from(digest)),
        }
    }

    /// The content, if it is at hand.
    pub fn bytes(&self) -> Option<&Bytes> {
        self.bytes.as_ref()
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The SHA-256 digest of the content.
    pub fn digest(&self) -> Digest {
        *self
            .digest
            .get_or_init(|| Digest::of(self.bytes.as_deref().unwrap_or_default()))
    }

    /// Whether two blobs share the same memory; then nothing needs to be hashed to compare them.
    fn is_same_memory(&self, other: &Self) -> bool {
        match (&self.bytes, &other.bytes) {
            (Some(a), Some(b)) => a.as_ptr() == b.as_ptr() && a.len() == b.len(),
            _ => false,
        }
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && (self.is_same_memory(other) || self.digest() == other.digest())
    }
}

impl Eq for Blob {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes, {})", self.size, self.digest().short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_blob_equals_the_real_one() {
        let real = Blob::new(&b"hello"[..]);
        let recorded = Blob::recorded(5, Digest::of(b"hello"));
        assert_eq!(real, recorded);
        assert_eq!(real.clone(), real);
        assert_ne!(real, Blob::new(&b"hellO"[..]));
        assert!(recorded.bytes().is_none());
    }
}
