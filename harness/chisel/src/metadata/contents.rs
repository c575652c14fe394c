//! What a package says of itself, taken down while it is read for a cut: its control paragraph, its
//! copyright file and the names of all it would install. Contents of other files are not kept.

use deb::EntryKind;
use rootfs::Blob;
use serde::{Deserialize, Serialize};

/// The longest copyright file that is kept, in bytes.
const LONGEST_COPYRIGHT: u64 = 8 << 20;

/// One package as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageContents {
    /// The text of its file `control`.
    pub control: String,
    /// Everything in it that is no folder, in the order of its archive.
    pub files: Vec<PackagedFile>,
    /// Its copyright file.
    pub copyright: Copyright,
}

/// One path of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagedFile {
    /// Where the package installs it.
    pub path: String,
    /// Other places that a slice puts it at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
}

/// `/usr/share/doc/PACKAGE/copyright` (Debian Policy 12.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copyright {
    /// The package has none.
    Missing,
    /// It is another package's: the target of the link, as written, from `/usr/share/doc`.
    Link(String),
    /// Its text.
    Text(String),
}

/// Takes down one package entry by entry.
#[derive(Debug)]
pub(crate) struct ContentsReader {
    folder: String,
    file: String,
    read: PackageContents,
}

impl ContentsReader {
    /// Begins with the text of the package's control file.
    pub(crate) fn begin(package: &str, control: String) -> Self {
        let folder = format!("/usr/share/doc/{package}");
        Self {
            file: format!("{folder}/copyright"),
            folder,
            read: PackageContents {
                control,
                files: Vec::new(),
                copyright: Copyright::Missing,
            },
        }
    }

    /// Whether the content of the file at `path` is to be shown.
    pub(crate) fn asks_for(&self, path: &str) -> bool {
        path == self.file
    }

    /// Takes down the entry at `path`, which slices put at `targets` (its own path may be one).
    /// `content` is that of a file that was asked for; the kind does not say it.
    pub(crate) fn see<'t>(
        &mut self,
        path: &str,
        kind: &EntryKind,
        content: Option<&Blob>,
        targets: impl Iterator<Item = &'t str>,
    ) {
        if matches!(kind, EntryKind::Dir) {
            return;
        }
        if path == self.file || path == self.folder {
            match kind {
                EntryKind::File(_) => {
                    let fits = |blob: &&Blob| blob.size() <= LONGEST_COPYRIGHT;
                    if let Some(bytes) = content.filter(fits).and_then(Blob::bytes) {
                        let text = String::from_utf8_lossy(bytes).into_owned();
                        self.read.copyright = Copyright::Text(text);
                    }
                }
                EntryKind::Symlink(to) | EntryKind::Hardlink(to) => {
                    self.read.copyright = Copyright::Link(to.clone());
                }
                _ => {}
            }
        }
        let elsewhere = targets.filter(|target| *target != path);
        self.read.files.push(PackagedFile {
            path: path.to_owned(),
            elsewhere: elsewhere.map(str::to_owned).collect(),
        });
    }

    /// All of it.
    pub(crate) fn finish(self) -> PackageContents {
        self.read
    }
}

impl Copyright {
    /// The package whose file a link leads to: the last part of the target that is no `copyright`.
    pub(crate) fn linked(&self) -> Option<&str> {
        let Self::Link(to) = self else { return None };
        to.rsplit('/')
            .find(|part| !matches!(*part, "" | "." | ".." | "copyright"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(entries: &[(&str, EntryKind)]) -> PackageContents {
        let mut reader = ContentsReader::begin("a", "Package: a\n".to_owned());
        for (path, kind) in entries {
            let content = match kind {
                EntryKind::File(bytes) if reader.asks_for(path) => Some(Blob::new(bytes.clone())),
                _ => None,
            };
            reader.see(path, kind, content.as_ref(), ["/usr/b", path].into_iter());
        }
        reader.finish()
    }

    #[test]
    fn files_links_and_the_copyright_are_taken_down_and_folders_are_not() {
        let file = |text: &'static str| EntryKind::File(text.as_bytes().into());
        let read = seen(&[
            ("/usr/", EntryKind::Dir),
            ("/usr/a", file("x")),
            ("/usr/share/doc/b/copyright", file("not this")),
            ("/usr/share/doc/a/copyright", file("free")),
        ]);
        assert_eq!(read.copyright, Copyright::Text("free".to_owned()));
        assert_eq!(read.files.len(), 3);
        assert_eq!(read.files[0].elsewhere, ["/usr/b"]);
        assert_eq!(seen(&[]).copyright, Copyright::Missing);
    }

    #[test]
    fn a_link_names_the_package_that_has_the_file() {
        for (path, to) in [
            ("/usr/share/doc/a", "libc6"),
            ("/usr/share/doc/a", "../doc/libc6/"),
            ("/usr/share/doc/a/copyright", "../libc6/copyright"),
        ] {
            let read = seen(&[(path, EntryKind::Symlink(to.to_owned()))]);
            assert_eq!(read.copyright.linked(), Some("libc6"), "{to}");
        }
        assert_eq!(Copyright::Missing.linked(), None);
    }
}
