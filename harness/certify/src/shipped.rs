//! Data that ships inside the program, and the user's files that win over it.

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use model::{Configuration, Digest, Hasher, OwnData};

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Where specs, their files, profiles and releases are looked for: first a folder of the user's,
/// then what ships.
#[derive(Debug, Clone)]
pub struct Shelf {
    own: Option<Utf8PathBuf>,
}

/// A file found on the shelf.
#[derive(Debug, Clone)]
pub struct Found {
    /// The name shown to people: a path.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Folders of the user's that are looked into.
const OWN_FOLDERS: [&str; 3] = ["images", "releases", PROFILES];

/// Where profiles lie.
const PROFILES: &str = "suites/profiles";

impl Shelf {
    /// A shelf with the user's folder in front: `config`, else the working folder when a
    /// `certify.yaml` lies in it. A `config` that holds nothing of what is looked for is refused:
    /// a mistyped folder must not turn into a run on shipped data.
    pub fn open(config: Option<Utf8PathBuf>) -> Result<Self> {
        let Some(folder) = config else {
            let here = Utf8Path::new(Configuration::FILE).is_file();
            return Ok(Self {
                own: here.then(Utf8PathBuf::new),
            });
        };
        let holds_some = folder.join(Configuration::FILE).is_file()
            || OWN_FOLDERS.iter().any(|name| folder.join(name).is_dir());
        if !holds_some {
            bail!(
                "--config {folder}: there is neither a {} nor any of the folders {} in it",
                Configuration::FILE,
                OWN_FOLDERS.join(", ")
            );
        }
        Ok(Self { own: Some(folder) })
    }

    /// The user's folder, if there is one; empty when it is the working folder.
    pub fn own(&self) -> Option<&Utf8Path> {
        self.own.as_deref()
    }

    /// The user's `certify.yaml` and what it says.
    pub fn configuration(&self) -> Result<Option<(Utf8PathBuf, Configuration)>> {
        let Some(path) = self.own.as_ref().map(|own| own.join(Configuration::FILE)) else {
            return Ok(None);
        };
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs_err::read_to_string(&path)?;
        let read = Configuration::from_yaml(path.as_str(), &text).map_err(anyhow::Error::msg)?;
        Ok(Some((path, read)))
    }

    /// The file `path` (`images/python.yaml`), the user's own first.
    pub fn get(&self, path: &str) -> Result<Option<Found>> {
        if let Some(whole) = self.own_file(path) {
            return read(&whole).map(Some);
        }
        Ok(FILES
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(name, bytes)| Found {
                name: (*name).to_owned(),
                bytes: bytes.to_vec(),
            }))
    }

    /// The text of a file that must be there.
    pub fn text(&self, path: &str) -> Result<Found> {
        self.get(path)?
            .with_context(|| format!("there is no {path}, neither shipped nor yours"))
    }

    /// Names of the image specs certified by default: shipped ones and the user's.
    pub fn images(&self) -> Result<Vec<String>> {
        self.stems("images")
    }

    /// Names of the images that are certified only where they are named.
    pub fn variants(&self) -> Result<Vec<String>> {
        self.stems("images/variants")
    }

    /// Names of the controls.
    pub fn controls(&self) -> Result<Vec<String>> {
        self.stems("images/controls")
    }

    /// Names of the profiles.
    pub fn profiles(&self) -> Result<Vec<String>> {
        let mut names = self.stems(PROFILES)?;
        names.extend(suites::PROFILES.iter().map(|(name, _)| (*name).to_owned()));
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The profile of this name, the user's own first.
    pub fn profile(&self, name: &str) -> Result<Option<Found>> {
        let path = profile_path(name);
        if let Some(own) = self.own_file(&path) {
            return read(&own).map(Some);
        }
        let shipped = suites::PROFILES.iter().find(|(other, _)| *other == name);
        Ok(shipped.map(|(_, text)| Found {
            name: path,
            bytes: text.as_bytes().to_vec(),
        }))
    }

    /// Names of the releases.
    pub fn releases(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = FILES
            .iter()
            .filter_map(|(path, _)| path.strip_prefix("releases/")?.split('/').next())
            .map(str::to_owned)
            .collect();
        if let Some(whole) = self.own_folder("releases") {
            for entry in whole.read_dir_utf8()? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    names.push(entry.file_name().to_owned());
                }
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The files of a release, as path within it and text.
    pub fn release(&self, name: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        if let Some(whole) = self.own_folder(&release_path(name)) {
            collect(&whole, &whole, &mut files)?;
        } else {
            let folder = format!("{}/", release_path(name));
            files.extend(FILES.iter().filter_map(|(path, bytes)| {
                Some((path.strip_prefix(&folder)?.to_owned(), bytes.to_vec()))
            }));
        }
        if files.is_empty() {
            bail!(
                "there is no release `{name}` (known: {})",
                self.releases()?.join(", ")
            );
        }
        Ok(files)
    }

    /// The user's file that stands for `path`, with the digest of its bytes.
    pub fn own_data(&self, path: &str) -> Result<Option<OwnData>> {
        let Some(whole) = self.own_file(path) else {
            return Ok(None);
        };
        Ok(Some(OwnData {
            path: path.to_owned(),
            digest: Digest::of(&fs_err::read(whole)?),
        }))
    }

    /// The user's own profile of this name.
    pub fn own_profile(&self, name: &str) -> Result<Option<OwnData>> {
        self.own_data(&profile_path(name))
    }

    /// The user's own release of this name, with the digest of all of it.
    pub fn own_release(&self, name: &str) -> Result<Option<OwnData>> {
        let path = release_path(name);
        if self.own_folder(&path).is_none() {
            return Ok(None);
        }
        let mut hasher = Hasher::new();
        for (file, bytes) in self.release(name)? {
            hasher.update(format!("{} {} ", file.len(), bytes.len()).as_bytes());
            hasher.update(file.as_bytes());
            hasher.update(&bytes);
        }
        Ok(Some(OwnData {
            path,
            digest: hasher.finish(),
        }))
    }

    fn own_file(&self, path: &str) -> Option<Utf8PathBuf> {
        let whole = self.own.as_ref()?.join(path);
        whole.is_file().then_some(whole)
    }

    fn own_folder(&self, path: &str) -> Option<Utf8PathBuf> {
        let whole = self.own.as_ref()?.join(path);
        whole.is_dir().then_some(whole)
    }

    fn stems(&self, folder: &str) -> Result<Vec<String>> {
        let stem = |path: &str| -> Option<String> {
            let name = path
                .strip_prefix(folder)?
                .strip_prefix('/')?
                .strip_suffix(".yaml")?;
            (!name.contains('/')).then(|| name.to_owned())
        };
        let mut names: Vec<String> = FILES.iter().filter_map(|(path, _)| stem(path)).collect();
        if let Some(whole) = self.own_folder(folder) {
            for entry in whole.read_dir_utf8()? {
                names.extend(stem(&format!("{folder}/{}", entry?.file_name())));
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

fn profile_path(name: &str) -> String {
    format!("{PROFILES}/{name}.yaml")
}

fn release_path(name: &str) -> String {
    format!("releases/{name}")
}

fn read(path: &Utf8Path) -> Result<Found> {
    Ok(Found {
        name: path.to_string(),
        bytes: fs_err::read(path)?,
    })
}

fn collect(root: &Utf8Path, folder: &Utf8Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for entry in folder.read_dir_utf8()? {
        let path = entry?.path().to_owned();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string();
            files.push((name, fs_err::read(&path)?));
        }
    }
    files.sort();
    Ok(())
}
