//! Data that ships inside the program, and the user's files that win over it.

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};

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

impl Shelf {
    /// A shelf with the user's folder in front, if there is one.
    pub const fn new(own: Option<Utf8PathBuf>) -> Self {
        Self { own }
    }

    /// The file `path` (`images/python.yaml`), the user's own first.
    pub fn get(&self, path: &str) -> Result<Option<Found>> {
        if let Some(own) = &self.own {
            let whole = own.join(path);
            if whole.is_file() {
                return read(&whole).map(Some);
            }
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

    /// Names of the controls.
    pub fn controls(&self) -> Result<Vec<String>> {
        self.stems("images/controls")
    }

    /// The files of a release, as path within it and text.
    pub fn release(&self, name: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let folder = format!("releases/{name}/");
        let mut files: Vec<(String, Vec<u8>)> = FILES
            .iter()
            .filter_map(|(path, bytes)| {
                Some((path.strip_prefix(&folder)?.to_owned(), bytes.to_vec()))
            })
            .collect();
        if let Some(own) = &self.own {
            let whole = own.join("releases").join(name);
            if whole.is_dir() {
                files.clear();
                collect(&whole, &whole, &mut files)?;
            }
        }
        if files.is_empty() {
            bail!(
                "there is no release `{name}` (shipped: {})",
                shipped_releases().join(", ")
            );
        }
        Ok(files)
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
        if let Some(own) = &self.own {
            let whole = own.join(folder);
            if whole.is_dir() {
                for entry in whole.read_dir_utf8()? {
                    names.extend(stem(&format!("{folder}/{}", entry?.file_name())));
                }
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// Names of the releases that ship.
pub fn shipped_releases() -> Vec<&'static str> {
    let mut names: Vec<&str> = FILES
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("releases/")?.split('/').next())
        .collect();
    names.dedup();
    names
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
