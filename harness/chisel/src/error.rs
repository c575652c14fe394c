//! What can go wrong between reading a release and a finished tree.
//!
//! Every error has a class from a closed list, so that callers map it to an exit code and tests
//! compare meaning instead of words.

use std::fmt;

/// The kind of a failure: closed, stable, compared by the recorded cases of the reference tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// `chisel.yaml`: unreadable, unknown format, missing or wrong fields of archives.
    Format,
    /// A public key that cannot be read or is not the announced one.
    Key,
    /// The maintenance block, or a release outside its maintained time.
    Maintenance,
    /// A slice definition file: names, options, kinds.
    Definition,
    /// Essentials: unknown, repeated, looping, in the wrong style.
    Essential,
    /// Two slices that claim one path.
    Conflict,
    /// The `prefer` relations of a path.
    Prefer,
    /// A slice or package that was asked for and does not exist.
    Reference,
    /// A package that no archive holds.
    PackageMissing,
    /// An archive that is unreachable, wrongly signed, damaged, or lies about a digest.
    Archive,
    /// A package file that cannot be read: no payload, truncated, wrong compression.
    Payload,
    /// A path that the package does not hold.
    Content,
    /// A path that cannot be created where it should go: kinds clash, special files, escapes.
    Tree,
    /// A path that would be reported twice with different properties.
    Report,
    /// A mutation script that failed or went beyond its bounds.
    Mutate,
    /// Something that the lock of a cut does not hold.
    Lock,
    /// A limit of ours: sizes, counts, depths.
    Limit,
}

/// A failure of this crate. Displays as a lower-case fragment that names the object.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    class: ErrorClass,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `class` with its text.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            source: None,
        }
    }

    /// The same with the error that caused it.
    pub fn caused_by(
        class: ErrorClass,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            class,
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// The kind of this failure.
    pub const fn class(&self) -> ErrorClass {
        self.class
    }

    /// The same error with `context` before its text.
    #[must_use]
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}
