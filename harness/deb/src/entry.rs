//! The files of a package: what its `data.tar` says, with contents shared from the unpacked tar.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use bytes::Bytes;

/// One entry. Paths are absolute, without a trailing slash; the root is `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is installed, such as `/usr/bin/true`.
    pub path: String,
    /// What it is, with link targets and contents.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky: at most 0o7777.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Name of the owner, where the tar has one.
    pub uname: Option<String>,
    /// Name of the group, where the tar has one.
    pub gname: Option<String>,
    /// Modification time in seconds since 1970.
    pub mtime: u64,
    /// Extended attributes (`SCHILY.xattr.` records of PAX headers), by name.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Dir,
    /// A regular file with its content.
    File(Bytes),
    /// A symbolic link and its target, as written.
    Symlink(String),
    /// Another name of an entry that is no folder, by its absolute path. Mostly of an earlier one.
    Hardlink(String),
    /// A character device.
    Char {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    Block {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// The entries of one tar, and the names that were passed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    pub(crate) skipped: Vec<String>,
}

/// What is wrong with a tar.
#[derive(Debug, thiserror::Error)]
pub enum TarFault {
    /// A header that cannot be read, or a truncated file.
    #[error("bad tar after {after} entries")]
    Corrupt {
        /// Entries read before.
        after: usize,
        /// What the reader said.
        source: std::io::Error,
    },
    /// The tar ends inside a content, or has no entry at all.
    #[error("tar ends inside `{0}`")]
    Truncated(String),
    /// A path with `..`, or one that is not UTF-8.
    #[error("bad path `{0}`")]
    Path(String),
    /// A hard link whose target is no file of the package.
    #[error("hard link `{path}` to `{target}`, which is no file of the package")]
    Hardlink {
        /// The link.
        path: String,
        /// What it names.
        target: String,
    },
    /// An entry of a kind that packages do not have.
    #[error("`{path}` has the unsupported entry type {kind:?}")]
    Kind {
        /// The entry.
        path: String,
        /// Its type byte.
        kind: char,
    },
    /// More entries than [`MOST_ENTRIES`].
    #[error("more than {MOST_ENTRIES} entries")]
    TooMany,
}

/// Most entries a package may have; the largest of a real archive have some ten thousands.
pub const MOST_ENTRIES: usize = 2_000_000;

/// Reads all entries of an unpacked tar.
pub(crate) fn list(tar: &Bytes) -> Result<Listing, TarFault> {
    let mut listing = Listing::default();
    let mut files = std::collections::HashSet::new();
    let mut archive = tar::Archive::new(Cursor::new(&tar[..]));
    let corrupt = |after| move |source| TarFault::Corrupt { after, source };
    for raw in archive.entries_with_seek().map_err(corrupt(0))? {
        let after = listing.entries.len();
        if after >= MOST_ENTRIES {
            return Err(TarFault::TooMany);
        }
        let mut raw = raw.map_err(corrupt(after))?;
        let name = text(&raw.path_bytes())?;
        let Some(path) = installed_path(&name)? else {
            listing.skipped.push(name);
            continue;
        };
        let entry = entry(path, &mut raw, Some(tar)).map_err(|fault| fault.after(after))?;
        if !matches!(entry.kind, EntryKind::Dir) {
            files.insert(entry.path.clone());
        }
        listing.entries.push(entry);
    }
    for entry in &listing.entries {
        if let EntryKind::Hardlink(target) = &entry.kind
            && !files.contains(target)
        {
            return Err(TarFault::Hardlink {
                path: entry.path.clone(),
                target: target.clone(),
            });
        }
    }
    Ok(listing)
}

pub(crate) enum Fault {
    Io(std::io::Error),
    Tar(TarFault),
}

impl Fault {
    /// What is wrong with a tar of which `after` entries were read before.
    pub(crate) fn after(self, after: usize) -> TarFault {
        match self {
            Self::Io(source) => TarFault::Corrupt { after, source },
            Self::Tar(fault) => fault,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TarFault> for Fault {
    fn from(fault: TarFault) -> Self {
        Self::Tar(fault)
    }
}

/// The entry that `raw` heads. Contents are slices of `tar`; of one that is not held whole they are
/// empty.
pub(crate) fn entry<R: Read>(
    path: String,
    raw: &mut tar::Entry<'_, R>,
    tar: Option<&Bytes>,
) -> Result<Entry, Fault> {
    let kind = kind(&path, raw, tar)?;
    let header = raw.header();
    let owner = |bytes: Option<&[u8]>| {
        let name = String::from_utf8_lossy(bytes?).into_owned();
        Some(name).filter(|name| !name.is_empty())
    };
    let mut entry = Entry {
        path,
        kind,
        mode: header.mode()? & 0o7777,
        uid: header.uid()?,
        gid: header.gid()?,
        uname: owner(header.username_bytes()),
        gname: owner(header.groupname_bytes()),
        mtime: header.mtime()?,
        xattrs: BTreeMap::new(),
    };
    if let Some(records) = raw.pax_extensions()? {
        for record in records {
            let record = record?;
            let Ok(key) = record.key() else { continue };
            if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                let value = record.value_bytes().to_vec();
                entry.xattrs.insert(name.to_owned(), value);
            }
        }
    }
    Ok(entry)
}

fn kind<R: Read>(
    path: &str,
    raw: &tar::Entry<'_, R>,
    tar: Option<&Bytes>,
) -> Result<EntryKind, Fault> {
    use tar::EntryType;
    let header = raw.header();
    let device = || -> Result<(u32, u32), std::io::Error> {
        let missing = || std::io::Error::other("device without numbers");
        Ok((
            header.device_major()?.ok_or_else(missing)?,
            header.device_minor()?.ok_or_else(missing)?,
        ))
    };
    let target = || text(&raw.link_name_bytes().unwrap_or_default());
    Ok(match header.entry_type() {
        EntryType::Directory => EntryKind::Dir,
        EntryType::Regular | EntryType::Continuous => {
            let Some(tar) = tar else {
                return Ok(EntryKind::File(Bytes::new()));
            };
            let truncated = || TarFault::Truncated(path.to_owned());
            let from = usize::try_from(raw.raw_file_position()).map_err(|_| truncated())?;
            let size = usize::try_from(raw.size()).map_err(|_| truncated())?;
            let to = from.checked_add(size).ok_or_else(truncated)?;
            if to > tar.len() {
                return Err(truncated().into());
            }
            EntryKind::File(tar.slice(from..to))
        }
        EntryType::Symlink => EntryKind::Symlink(target()?),
        EntryType::Link => {
            let target = target()?;
            let rooted = match target.starts_with("./") {
                true => target.clone(),
                false => format!("./{target}"),
            };
            let path = installed_path(&rooted)?.ok_or(TarFault::Path(target))?;
            EntryKind::Hardlink(path)
        }
        EntryType::Char => device().map(|(major, minor)| EntryKind::Char { major, minor })?,
        EntryType::Block => device().map(|(major, minor)| EntryKind::Block { major, minor })?,
        EntryType::Fifo => EntryKind::Fifo,
        other => {
            return Err(Fault::Tar(TarFault::Kind {
                path: path.to_owned(),
                kind: char::from(other.as_byte()),
            }));
        }
    })
}

pub(crate) fn text(bytes: &[u8]) -> Result<String, TarFault> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(TarFault::Path(String::from_utf8_lossy(bytes).into_owned())),
    }
}

/// The absolute path of a tar name. None for a name that the reference tool passes over: one
/// that does not start with `./`, or has an empty or `.` part inside. `..` is refused.
pub(crate) fn installed_path(name: &str) -> Result<Option<String>, TarFault> {
    if name.split('/').any(|part| part == "..") {
        return Err(TarFault::Path(name.to_owned()));
    }
    let Some(rest) = name.strip_prefix("./").or((name == ".").then_some("")) else {
        return Ok(None);
    };
    if rest.is_empty() {
        return Ok(Some("/".to_owned()));
    }
    let inner = rest.strip_suffix('/').unwrap_or(rest);
    match inner.split('/').any(|part| matches!(part, "" | ".")) {
        true => Ok(None),
        false => Ok(Some(format!("/{inner}"))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn maps_names_to_paths() {
        for (name, path) in [
            (".", Some("/")),
            ("./", Some("/")),
            ("./usr/", Some("/usr")),
            ("./usr/bin/x", Some("/usr/bin/x")),
            ("usr/bin/x", None),
            ("/usr", None),
            (".//usr", None),
            ("./usr//x", None),
            ("./usr/./x", None),
            ("./usr//", None),
        ] {
            assert_eq!(installed_path(name).unwrap().as_deref(), path, "{name}");
        }
        for name in ["./../x", "..", "./a/..", "../x", "./a/../b"] {
            assert!(installed_path(name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = list(&bytes.into());
        }

        #[test]
        fn a_path_is_absolute_and_plain(name in "[./a]{0,12}") {
            if let Ok(Some(path)) = installed_path(&name) {
                prop_assert!(path.starts_with('/'));
                let inner = path.trim_start_matches('/');
                let plain = |part: &str| !matches!(part, "" | "." | "..");
                prop_assert!(path == "/" || inner.split('/').all(plain), "{}", path);
            }
        }
    }
}
