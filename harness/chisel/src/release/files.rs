//! The files of a release, from a folder or embedded in the program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use camino::Utf8Path;
use model::{Digest, Hasher};

use crate::error::{Error, ErrorClass, Result};

/// How deep folders below `slices/` may nest.
const MAX_DEPTH: usize = 16;

/// The largest file of a release that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Room for nearly every definition.
const USUAL_BYTES: usize = 4 << 10;

/// The files of one release by relative path: `chisel.yaml`, `slices/**`, `keys/**`.
#[derive(Debug, Clone)]
pub struct ReleaseFiles {
    name: String,
    files: BTreeMap<String, Cow<'static, [u8]>>,
    has_slices: bool,
}

impl ReleaseFiles {
    /// Reads the release in the folder `dir`. Files that are no part of a release are not read.
    pub fn from_folder(dir: &Utf8Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let definition = dir.join("chisel.yaml");
        let text = fs_err::read(&definition).map_err(|error| {
            let text = format!(
                "cannot read release definition: {}: {}",
                definition,
                plain(&error)
            );
            Error::caused_by(ErrorClass::Format, text, error)
        })?;
        files.insert("chisel.yaml".to_owned(), Cow::Owned(text));
        let has_slices = dir.join("slices").is_dir();
        for (folder, wanted) in [("slices", Some(".yaml")), ("keys", None)] {
            if dir.join(folder).is_dir() {
                walk(dir, folder, wanted, 0, &mut files)?;
            }
        }
        Ok(Self {
            name: dir.to_string(),
            files,
            has_slices,
        })
    }

    /// A release called `name` made of paths and contents, such as files embedded in the program.
    pub fn from_pairs<P: Into<String>, B: Into<Cow<'static, [u8]>>>(
        name: impl Into<String>,
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Self {
        let files: BTreeMap<String, Cow<'static, [u8]>> = files
            .into_iter()
            .map(|(path, bytes)| (path.into(), bytes.into()))
            .collect();
        let has_slices = files.keys().any(|path| path.starts_with("slices/"));
        Self {
            name: name.into(),
            files,
            has_slices,
        }
    }

    /// The folder or shipped name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is a `slices` folder at all.
    pub(crate) const fn has_slices(&self) -> bool {
        self.has_slices
    }

    /// Every path with its bytes, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_ref()))
    }

    /// The bytes of `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Cow::as_ref)
    }

    /// Path and bytes of every slice definition, by path.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .filter(|(path, _)| path.starts_with("slices/") && path.ends_with(".yaml"))
            .map(|(path, bytes)| (path.as_str(), bytes.as_ref()))
    }

    /// One digest over all paths and contents: the identity of the release.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for (path, bytes) in &self.files {
            hasher.update(format!("{} {} ", path.len(), bytes.len()).as_bytes());
            hasher.update(path.as_bytes());
            hasher.update(bytes);
        }
        hasher.finish()
    }
}

/// Reads the files below `dir/folder` whose names end in `suffix` into `files`.
fn walk(
    dir: &Utf8Path,
    folder: &str,
    suffix: Option<&str>,
    depth: usize,
    files: &mut BTreeMap<String, Cow<'static, [u8]>>,
) -> Result<()> {
    let failed = |error: std::io::Error| {
        let text = format!("cannot read {folder}/ directory: {}", plain(&error));
        Error::caused_by(ErrorClass::Format, text, error)
    };
    if depth > MAX_DEPTH {
        let text = format!("folders below {folder} nest deeper than {MAX_DEPTH}");
        return Err(Error::new(ErrorClass::Limit, text));
    }
    for entry in fs_err::read_dir(dir.join(folder)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = format!("{folder}/{name}");
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(dir, &path, suffix, depth + 1, files)?;
        } else if suffix.is_none_or(|suffix| name.ends_with(suffix)) {
            let bytes = bounded(&dir.join(&path)).map_err(failed)?;
            if bytes.len() as u64 > MAX_FILE_BYTES {
                let text = format!("{path} is larger than {MAX_FILE_BYTES} bytes");
                return Err(Error::new(ErrorClass::Limit, text));
            }
            files.insert(path, Cow::Owned(bytes));
        }
    }
    Ok(())
}

/// Reads at most one byte more than a file may have. A release has hundreds of files of a few
/// kilobytes: each is opened, read and closed, and not asked for its size first.
fn bounded(path: &Utf8Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    let file = fs_err::File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The operating system's text without path and number.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => error.to_string(),
    }
}
