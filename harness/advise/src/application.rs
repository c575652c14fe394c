//! The application: one program, or a folder with everything it brings along.

use std::collections::BTreeMap;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use walkdir::WalkDir;

use crate::error::{Error, Result};
use crate::limits::Limits;

/// Where the application's files stand while needs are resolved: no package has such a path.
pub(crate) const HOME: &str = "/(application)";

/// Files of an application, by their path below `HOME`.
#[derive(Debug, Clone)]
pub struct Application {
    /// As it was named.
    pub name: String,
    files: BTreeMap<String, AppFile>,
}

/// One file of it.
#[derive(Debug, Clone)]
pub(crate) struct AppFile {
    pub(crate) content: Content,
    pub(crate) executable: bool,
}

/// Where its bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Disk(Utf8PathBuf),
    /// A link out of the application, as written.
    Link(String),
    #[cfg(test)]
    Memory(Bytes),
}

impl Application {
    /// The program file or folder `path`. Contents are read later, one at a time.
    pub fn open(path: &Utf8Path, limits: &Limits) -> Result<Self> {
        let unreadable = |source| Error::Unreadable {
            path: path.to_owned(),
            source,
        };
        let root = path.canonicalize_utf8().map_err(unreadable)?;
        let mut files = BTreeMap::new();
        if root.is_file() {
            let name = root.file_name().unwrap_or_default();
            files.insert(format!("{HOME}/{name}"), AppFile::at(&root)?);
        } else {
            walk(&root, limits, &mut files)?;
        }
        Ok(Self {
            name: path.to_string(),
            files,
        })
    }

    /// An application without files: what is asked for are packages.
    pub fn none(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &AppFile)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(crate) fn get(&self, path: &str) -> Option<&AppFile> {
        self.files.get(path)
    }

    /// Whether some file stands below the folder `path`.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let mut after = self.files.range(below.clone()..);
        after
            .next()
            .is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// The first file of that name, wherever it stands.
    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        let mut paths = self.files.keys();
        let found = paths.find(|path| path.rsplit('/').next() == Some(name));
        found.map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn in_memory(files: &[(&str, &[u8])]) -> Self {
        let file = |(path, bytes): &(&str, &[u8])| {
            let content = Content::Memory(Bytes::copy_from_slice(bytes));
            let file = AppFile {
                content,
                executable: true,
            };
            (format!("{HOME}/{path}"), file)
        };
        Self {
            name: "test".to_owned(),
            files: files.iter().map(file).collect(),
        }
    }
}

impl AppFile {
    fn at(path: &Utf8Path) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let unreadable = |source| Error::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
        Ok(Self {
            content: Content::Disk(path.to_owned()),
            executable: mode & 0o111 != 0,
        })
    }

    /// The first bytes, at most `most`; empty for a link.
    pub(crate) fn head(&self, most: u64) -> std::io::Result<Bytes> {
        use std::io::Read;
        match &self.content {
            Content::Disk(path) => {
                let mut head = Vec::new();
                fs::File::open(path)?.take(most).read_to_end(&mut head)?;
                Ok(head.into())
            }
            Content::Link(_) => Ok(Bytes::new()),
            #[cfg(test)]
            Content::Memory(bytes) => Ok(bytes.clone()),
        }
    }

    /// The bytes; empty for a link.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Bytes> {
        let path = match &self.content {
            Content::Disk(path) => path,
            Content::Link(_) => return Ok(Bytes::new()),
            #[cfg(test)]
            Content::Memory(bytes) => return Ok(bytes.clone()),
        };
        let unreadable = |source| Error::Unreadable {
            path: path.clone(),
            source,
        };
        let size = fs::metadata(path).map_err(unreadable)?.len();
        if size > limits.file_bytes {
            return Err(Error::Limit {
                subject: path.to_string(),
                limit: limits.file_bytes,
                what: "bytes",
            });
        }
        Ok(fs::read(path).map_err(unreadable)?.into())
    }
}

/// A path for people.
pub(crate) fn shown(path: &str) -> &str {
    path.strip_prefix(HOME)
        .map_or(path, |rest| rest.trim_start_matches('/'))
}

fn walk(root: &Utf8Path, limits: &Limits, files: &mut BTreeMap<String, AppFile>) -> Result<()> {
    let too_many = |what, limit| Error::Limit {
        subject: root.to_string(),
        limit,
        what,
    };
    let mut seen = 0;
    for entry in WalkDir::new(root).follow_links(false).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::Unreadable {
            path: root.to_owned(),
            source: error.into(),
        })?;
        seen += 1;
        if seen > limits.entries {
            return Err(too_many("entries", limits.entries as u64));
        }
        if entry.depth() > limits.depth {
            return Err(too_many("levels of folders", limits.depth as u64));
        }
        let path = Utf8Path::from_path(entry.path()).ok_or_else(|| {
            Error::Name(Utf8PathBuf::from(entry.path().to_string_lossy().as_ref()))
        })?;
        let below = path.strip_prefix(root).unwrap_or(path);
        let key = format!("{HOME}/{below}");
        let kind = entry.file_type();
        if kind.is_file() {
            files.insert(key, AppFile::at(path)?);
        } else if kind.is_symlink() {
            files.extend(link(root, path)?.map(|file| (key, file)));
        }
    }
    Ok(())
}

/// A link to a file inside is that file; one that leaves the application names what it needs.
/// Links to folders inside repeat files that are there anyway.
fn link(root: &Utf8Path, path: &Utf8Path) -> Result<Option<AppFile>> {
    let target = path.read_link_utf8().map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    match path.canonicalize_utf8() {
        Ok(end) if end.starts_with(root) && end.is_file() => AppFile::at(&end).map(Some),
        Ok(end) if end.starts_with(root) => Ok(None),
        _ if target.is_absolute() => Ok(Some(AppFile {
            content: Content::Link(target.into_string()),
            executable: false,
        })),
        _ => Ok(None),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_without_leaving_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir(root.join("lib")).unwrap();
        fs::write(root.join("lib/a.so"), "x").unwrap();
        std::os::unix::fs::symlink("lib/a.so", root.join("inside")).unwrap();
        std::os::unix::fs::symlink("/usr/bin/python3", root.join("outside")).unwrap();
        std::os::unix::fs::symlink("../..", root.join("up")).unwrap();
        let app = Application::open(root, &Limits::STANDARD).unwrap();
        let paths: Vec<&str> = app.files().map(|(path, _)| shown(path)).collect();
        assert_eq!(paths, ["inside", "lib/a.so", "outside"]);
        let outside = &app.get(&format!("{HOME}/outside")).unwrap().content;
        assert!(matches!(outside, Content::Link(to) if to == "/usr/bin/python3"));
        assert!(app.has_folder(&format!("{HOME}/lib")) && !app.has_folder("/lib"));
    }

    #[test]
    fn limits_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(root.join("a"), "xyz").unwrap();
        fs::write(root.join("b"), "xyz").unwrap();
        let few = Limits {
            entries: 2,
            ..Limits::STANDARD
        };
        let error = Application::open(root, &few).unwrap_err().to_string();
        assert!(error.ends_with("more than 2 entries"), "{error}");
        let small = Limits {
            file_bytes: 2,
            ..Limits::STANDARD
        };
        let app = Application::open(root, &small).unwrap();
        let (_, file) = app.files().next().unwrap();
        let error = file.read(&small).unwrap_err().to_string();
        assert!(error.ends_with("more than 2 bytes"), "{error}");
        let absent = Application::open(&root.join("c"), &few).unwrap_err();
        assert!(matches!(absent, Error::Unreadable { .. }));
    }
}
