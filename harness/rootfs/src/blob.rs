//! File contents, shared and hashed at most once.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use model::Digest;

use crate::Spooled;

/// The content of a regular file: a zero-copy slice of what it was read from, a file without a name
/// if it is large, or only its size and digest when the content itself is not at hand (a tree read
/// back from its listing). Clones share the content and the digest, which is computed when first
/// asked for.
#[derive(Clone)]
pub struct Blob {
    content: Content,
    size: u64,
    digest: Arc<OnceLock<Digest>>,
}

#[derive(Clone)]
enum Content {
    Absent,
    Held(Bytes),
    Spooled {
        file: Arc<Spooled>,
        /// Read back once, for whoever must see all of it.
        read: Arc<OnceLock<Option<Bytes>>>,
    },
}

impl Blob {
    /// A blob of `bytes`; hashed when the digest is first asked for.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            size: bytes.len() as u64,
            content: Content::Held(bytes),
            digest: Arc::default(),
        }
    }

    /// A blob whose content `file` holds, with its digest.
    pub(crate) fn spooled(file: Arc<Spooled>, digest: Digest) -> Self {
        Self {
            size: file.size(),
            content: Content::Spooled {
                file,
                read: Arc::default(),
            },
            digest: Arc::new(OnceLock::from(digest)),
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
            content: Content::Absent,
            size,
            digest: Arc::new(OnceLock::from(digest)),
        }
    }

    /// The content, if it is at hand. One that is spooled is read back and held from then on; none
    /// if that fails.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Absent => None,
            Content::Held(bytes) => Some(bytes),
            Content::Spooled { file, read } => {
                let read = read.get_or_init(|| {
                    let mut bytes = Vec::new();
                    file.copy_to(&mut bytes).ok().map(|()| bytes.into())
                });
                read.as_ref()
            }
        }
    }

    /// Whether the content is at hand.
    pub const fn is_at_hand(&self) -> bool {
        !matches!(self.content, Content::Absent)
    }

    /// Its file without a name, if it has one.
    pub fn on_disk(&self) -> Option<&Spooled> {
        match &self.content {
            Content::Spooled { file, .. } => Some(file),
            Content::Absent | Content::Held(_) => None,
        }
    }

    /// Copies the content to `to`, without holding more of it than before.
    pub fn copy_to(&self, to: &mut dyn Write) -> io::Result<()> {
        match &self.content {
            Content::Absent => Err(io::Error::other("no content")),
            Content::Held(bytes) => to.write_all(bytes),
            Content::Spooled { file, .. } => file.copy_to(to),
        }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The SHA-256 digest of the content.
    pub fn digest(&self) -> Digest {
        *self
            .digest
            .get_or_init(|| Digest::of(self.bytes().map(Bytes::as_ref).unwrap_or_default()))
    }

    /// Whether two blobs share the same memory; then nothing needs to be hashed to compare them.
    fn is_same_memory(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Held(a), Content::Held(b)) => a.as_ptr() == b.as_ptr() && a.len() == b.len(),
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
