//! Where archives may be: what the user said, then the apt sources of the host.

mod deb822;
mod one_line;
mod order;
mod proxies;

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::address::{Address, BadAddress};

pub use order::AptSources;
pub use proxies::apt_proxies;

/// The places to look for archives, in order.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    places: Vec<Candidate>,
    unusable: Vec<Unusable>,
    apt: AptSources,
}

/// One base address that may be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: Address,
    /// Who named it.
    pub named_by: NamedBy,
    /// The archive it was named for; none means any.
    pub archive: Option<String>,
}

/// Who named an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedBy {
    /// An option of the command line.
    Option,
    /// The user's configuration file.
    Configuration,
    /// The environment (`CERTIFY_MIRROR`).
    Environment,
    /// An apt source of the host.
    AptSource {
        /// The file, as seen from the root folder.
        file: Utf8PathBuf,
        /// The line in it, counted from 1.
        line: usize,
    },
    /// The release itself.
    Release,
    /// The release's format, which implies it.
    Standard,
}

/// An entry that was passed over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Where it stands.
    pub named_by: NamedBy,
    /// What is wrong with it.
    pub why: String,
}

/// An address of the user that cannot be read. Those of apt sources are passed over instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{named_by}: {fault}")]
pub struct BadMirror {
    named_by: NamedBy,
    fault: BadAddress,
}

/// One address in the host's apt sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) line: usize,
    pub(crate) address: Result<Address, String>,
}

impl AddressBook {
    /// Reads `--mirror` values, the value of `CERTIFY_MIRROR` and the apt sources below `root`
    /// (`/` for the host's own). No `root`: no apt source is looked at.
    ///
    /// A mirror is `[NAME=]URL`, where NAME is an archive of the release; the environment may
    /// hold several, separated by commas or spaces.
    pub fn read(
        mirrors: &[String],
        environment: Option<&str>,
        root: Option<&Utf8Path>,
    ) -> Result<Self, BadMirror> {
        let mut book = Self::default();
        for text in mirrors {
            book.places.push(mirror(text, NamedBy::Option)?);
        }
        let environment = environment.unwrap_or_default();
        for text in environment.split([',', ' ', '\t', '\n']) {
            if !text.is_empty() {
                book.places.push(mirror(text, NamedBy::Environment)?);
            }
        }
        if let Some(root) = root {
            book.read_apt(root);
        }
        Ok(book)
    }

    /// Adds mirrors that the user's configuration file names: after those of the command line,
    /// before all others.
    pub fn configured(mut self, mirrors: &[String]) -> Result<Self, BadMirror> {
        let is_option = |place: &&Candidate| place.named_by == NamedBy::Option;
        let at = self.places.iter().take_while(is_option).count();
        let places: Vec<Candidate> = mirrors
            .iter()
            .map(|text| mirror(text, NamedBy::Configuration))
            .collect::<Result<_, _>>()?;
        self.places.splice(at..at, places);
        Ok(self)
    }

    /// Entries of apt sources that cannot be used: other schemes, unreadable files.
    pub fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }

    /// `sources.list`, then the files of `sources.list.d` by name, as apt does.
    fn read_apt(&mut self, root: &Utf8Path) {
        let apt = Utf8Path::new("etc/apt");
        let mut files = vec![apt.join("sources.list")];
        let parts = apt.join("sources.list.d");
        let mut names: Vec<String> = match fs::read_dir(root.join(&parts)) {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect(),
            Err(_) => Vec::new(),
        };
        names.sort();
        files.extend(names.iter().map(|name| parts.join(name)));
        for file in files {
            let read: fn(&str) -> Vec<Source> = match file.extension() {
                Some("list") => one_line::read,
                Some("sources") => deb822::read,
                _ => continue,
            };
            let named_by = |line| NamedBy::AptSource {
                file: Utf8Path::new("/").join(&file),
                line,
            };
            match fs::read(root.join(&file)) {
                Ok(bytes) => {
                    for source in read(&String::from_utf8_lossy(&bytes)) {
                        self.add(source, &named_by);
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => self.unusable.push(Unusable {
                    named_by: named_by(0),
                    why: e.to_string(),
                }),
            }
        }
    }

    fn add(&mut self, source: Source, named_by: &impl Fn(usize) -> NamedBy) {
        let named_by = named_by(source.line);
        match source.address {
            Ok(address) => self.places.push(Candidate {
                address,
                named_by,
                archive: None,
            }),
            Err(why) => self.unusable.push(Unusable { named_by, why }),
        }
    }
}

/// Reads `[NAME=]URL`.
fn mirror(text: &str, named_by: NamedBy) -> Result<Candidate, BadMirror> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
    };
    let (archive, url) = match text.split_once('=') {
        Some((name, url)) if is_name(name) => (Some(name.to_owned()), url),
        _ => (None, text),
    };
    match url.parse() {
        Ok(address) => Ok(Candidate {
            address,
            named_by,
            archive,
        }),
        Err(fault) => Err(BadMirror { named_by, fault }),
    }
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--mirror"),
            Self::Configuration => f.write_str("certify.yaml"),
            Self::Environment => f.write_str("CERTIFY_MIRROR"),
            Self::AptSource { file, line: 0 } => write!(f, "{file}"),
            Self::AptSource { file, line } => write!(f, "{file}:{line}"),
            Self::Release => f.write_str("the release"),
            Self::Standard => f.write_str("default"),
        }
    }
}

/// Replaces what apt replaces in addresses, and reads one.
pub(crate) fn apt_address(text: &str) -> Result<Address, String> {
    let arch = model::Arch::host().map_or("", model::Arch::debian);
    let text = text.replace("$(ARCH)", arch);
    text.parse().map_err(|e: BadAddress| e.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join("etc/apt").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn shown(book: &AddressBook, archive: &str) -> Vec<String> {
        let show = |c: &&Candidate| format!("{} {}", c.named_by, c.address);
        book.candidates(archive).iter().map(show).collect()
    }

    #[test]
    fn asks_options_then_environment_then_apt_in_order() {
        let root = folder(&[
            ("sources.list", "deb http://c.test/debian bookworm main\n"),
            (
                "sources.list.d/b.sources",
                "Types: deb\nURIs: http://e.test/d http://a.test/x\nSuites: s\n",
            ),
            (
                "sources.list.d/a.list",
                "# c\ndeb [arch=amd64] http://d.test/debian/ s main\n",
            ),
            ("sources.list.d/z.list", "deb ftp://z.test/debian s main\n"),
            (
                "sources.list.d/ignored.bak",
                "deb http://never.test/debian s main\n",
            ),
        ]);
        let root = Utf8Path::from_path(root.path()).unwrap();
        let mirrors = [
            "main=http://a.test/x/".to_owned(),
            "http://b.test/?a=b".to_owned(),
        ];
        let environment = Some("security=file:///srv/sec, http://b2.test");
        let book = AddressBook::read(&mirrors, environment, Some(root)).unwrap();
        let rest = [
            "/etc/apt/sources.list:1 http://c.test/debian",
            "/etc/apt/sources.list.d/a.list:2 http://d.test/debian",
            "/etc/apt/sources.list.d/b.sources:2 http://e.test/d",
        ];
        let main = [
            "--mirror http://a.test/x",
            "--mirror http://b.test",
            "CERTIFY_MIRROR http://b2.test",
        ];
        assert_eq!(shown(&book, "main"), [&main[..], &rest[..]].concat());
        let security = [
            "--mirror http://b.test",
            "CERTIFY_MIRROR file:///srv/sec",
            "CERTIFY_MIRROR http://b2.test",
        ];
        let last = ["/etc/apt/sources.list.d/b.sources:2 http://a.test/x"];
        assert_eq!(
            shown(&book, "security"),
            [&security[..], &rest[..], &last[..]].concat()
        );
        assert_eq!(book.unusable().len(), 1);
        assert!(book.unusable()[0].why.contains("`ftp:` is not supported"));
    }

    #[test]
    fn a_configured_mirror_comes_after_options_and_before_the_environment() {
        let read = AddressBook::read(&["http://a.test".to_owned()], Some("http://c.test"), None);
        let configured = ["http://b.test".to_owned(), "other=http://d.test".to_owned()];
        let book = read.unwrap().configured(&configured).unwrap();
        let wanted = [
            "--mirror http://a.test",
            "certify.yaml http://b.test",
            "CERTIFY_MIRROR http://c.test",
        ];
        assert_eq!(shown(&book, "main"), wanted);
        let fault = book.configured(&["nowhere".to_owned()]).unwrap_err();
        assert!(fault.to_string().starts_with("certify.yaml: "), "{fault}");
    }

    #[test]
    fn no_root_and_no_sources_are_no_fault() {
        assert!(
            AddressBook::read(&[], None, None)
                .unwrap()
                .candidates("x")
                .is_empty()
        );
        let root = folder(&[]);
        let root = Utf8Path::from_path(root.path()).unwrap();
        let book = AddressBook::read(&[], Some(" , "), Some(root)).unwrap();
        assert!(book.candidates("x").is_empty() && book.unusable().is_empty());
    }

    #[test]
    fn a_bad_mirror_of_the_user_is_an_error() {
        let fault = AddressBook::read(&["main=nowhere".to_owned()], None, None).unwrap_err();
        assert!(fault.to_string().starts_with("--mirror: "), "{fault}");
        assert!(AddressBook::read(&[], Some("gopher://x"), None).is_err());
    }
}
