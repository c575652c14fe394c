//! What keeps advice from being given.

use camino::Utf8PathBuf;

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

/// No advice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the application that cannot be read.
    #[error("reading application `{path}`")]
    Unreadable {
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Neither a path nor a package.
    #[error("`{0}` is neither a file, a folder nor a package of the archive")]
    Unknown(String),
    /// A name of the application that is not UTF-8.
    #[error("application `{0}`: a name that is not UTF-8")]
    Name(Utf8PathBuf),
    /// More than the limits allow.
    #[error("`{subject}`: more than {limit} {what}")]
    Limit {
        /// What was read.
        subject: String,
        /// The bound that was passed.
        limit: u64,
        /// What was counted.
        what: &'static str,
    },
    /// Nothing in the application is of a kind that can be read.
    #[error("`{0}` holds no program, script, Python source or Java class")]
    Nothing(String),
    /// A `Contents` index.
    #[error("which package has a file: {0}")]
    Contents(#[from] deb::ContentsFault),
    /// The archive has no `Contents` index at all.
    #[error("the archives of release `{0}` have no Contents index for {1}")]
    NoContents(String, model::Arch),
    /// The archive, or the release.
    #[error(transparent)]
    Chisel(#[from] chisel::Error),
    /// Whoever opened the archives could not bring something.
    #[error(transparent)]
    Archive(Box<dyn std::error::Error + Send + Sync>),
    /// A package that cannot be read.
    #[error(transparent)]
    Package(#[from] deb::BadPackage),
    /// A draft that the release's own parser refuses.
    #[error("the draft for release `{release}` is no valid release: {source}")]
    Draft {
        /// The release.
        release: String,
        /// What the parser said.
        #[source]
        source: chisel::Error,
    },
    /// A definition that no slice can be added to.
    #[error("definition `{0}`: no block `slices:` that a slice could be added to")]
    Unextendable(String),
}

impl Error {
    /// A failure of whoever opened the archives.
    pub fn archive(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Archive(error.into())
    }
}

/// One file that is not what it seems to be. Its application's advice goes on and names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// It starts as an ELF file and cannot be read as one.
    #[error("damaged ELF file: {0}")]
    Elf(&'static str),
    /// It starts as a class file and cannot be read as one.
    #[error("damaged class file: {0}")]
    Class(&'static str),
    /// A jar that cannot be read.
    #[error("damaged jar: {0}")]
    Jar(String),
    /// A Python source that cannot be split into lines.
    #[error("Python source, line {line}: {why}")]
    Python {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// More than the limits allow.
    #[error("more than {limit} {what}")]
    Limit {
        /// The bound that was passed.
        limit: u64,
        /// What was counted.
        what: &'static str,
    },
}
