//! A release with drafts: whole, so that it can be cut from at once.

use std::collections::BTreeMap;

use camino::Utf8Path;
use chisel::{Release, ReleaseFiles, Strictness};
use fs_err as fs;

use super::Draft;
use crate::error::{Error, Result};

/// The files of a release, those of drafts in place of theirs.
#[derive(Debug, Clone)]
pub struct Overlay {
    name: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Overlay {
    /// The files of `release` with `drafts`.
    pub fn new(release: &ReleaseFiles, drafts: &[Draft]) -> Self {
        let own = release.iter();
        let mut files: BTreeMap<String, Vec<u8>> = own
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
            .collect();
        for draft in drafts {
            files.insert(draft.file.clone(), draft.text.clone().into_bytes());
        }
        Self {
            name: release.name().to_owned(),
            files,
        }
    }

    /// The release, read as any other.
    pub fn release(&self) -> Result<Release> {
        let files = ReleaseFiles::from_pairs(self.name.clone(), self.files.clone());
        Release::from_files(&files, Strictness::Foreign).map_err(|source| Error::Draft {
            release: self.name.clone(),
            source,
        })
    }

    /// Whether it is a valid release.
    pub(super) fn check(&self) -> Result<()> {
        self.release().map(drop)
    }

    /// Writes it to `folder`, which must be absent or empty.
    pub fn write(&self, folder: &Utf8Path) -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        if fs::read_dir(folder)?.next().is_some() {
            let text = format!("{folder} is not empty");
            return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, text));
        }
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::files;

    fn draft(text: &str) -> Draft {
        Draft {
            package: "pp".to_owned(),
            slice: "pp_libs".parse().unwrap(),
            file: "slices/pp.yaml".to_owned(),
            text: text.to_owned(),
            is_new: true,
        }
    }

    #[test]
    fn an_overlay_is_a_release() {
        let good = draft("package: pp\nslices:\n  libs:\n    contents:\n      /a:\n");
        let overlay = Overlay::new(&files(&[]), &[good]);
        assert!(overlay.release().unwrap().packages.contains_key("pp"));
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        overlay.write(folder).unwrap();
        let read = Release::load(folder, Strictness::Own).unwrap();
        assert!(read.packages.contains_key("pp"));
        assert!(overlay.write(folder).is_err());
        let bad = draft("package: qq\n");
        let error = Overlay::new(&files(&[]), &[bad]).release().unwrap_err();
        assert!(matches!(error, Error::Draft { .. }), "{error}");
    }
}
