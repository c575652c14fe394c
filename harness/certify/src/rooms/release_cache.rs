//! Releases that were validated by an earlier call, kept by their content and by the program that
//! validated them.

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use chisel::KeptReleases;
use model::{Digest, Hasher};

use super::{bounded, sealed};

/// Most bytes of releases kept; a large one has about 2 MB.
const MOST_BYTES: u64 = 64 << 20;

/// The cache's folder of validated releases.
pub struct ReleaseCache {
    root: Utf8PathBuf,
}

impl ReleaseCache {
    /// The validated releases below the folder `cache`.
    pub fn of(cache: &Utf8Path) -> Self {
        Self {
            root: cache.join("validated"),
        }
    }

    fn path(&self, key: &Digest) -> Utf8PathBuf {
        let mut hasher = Hasher::new();
        hasher.update(key.as_bytes());
        hasher.update(crate::BUILD.as_bytes());
        self.root.join(hasher.finish().hex())
    }

    fn try_save(&self, path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
        fs_err::create_dir_all(&self.root)?;
        let part = path.with_extension(std::process::id().to_string());
        fs_err::write(&part, sealed::seal(bytes))?;
        fs_err::rename(&part, path)?;
        bounded::evict(&self.root, MOST_BYTES, path)
    }
}

impl KeptReleases for ReleaseCache {
    fn load(&self, key: &Digest) -> Option<Bytes> {
        let bytes = Bytes::from(fs_err::read(self.path(key)).ok()?);
        sealed::open(&bytes).map(|body| bytes.slice_ref(body))
    }

    fn save(&self, key: &Digest, bytes: &[u8]) {
        if let Err(error) = self.try_save(&self.path(key), bytes) {
            tracing::warn!("a validated release is not kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use chisel::{Release, ReleaseFiles, Strictness};

    use super::*;

    const CHISEL_YAML: &str = "format: v3
archives:
  debian: {version: 13, suites: [trixie], components: [main], public-keys: [key], priority: 1}
public-keys:
  key: {path: keys/key.asc}
maintenance: {standard: 2025-01-01, end-of-life: 2030-01-01}
";

    fn files(slices: &str) -> ReleaseFiles {
        let files = [
            ("chisel.yaml", CHISEL_YAML.to_owned()),
            ("keys/key.asc", "not looked at here".to_owned()),
            (
                "slices/tiny.yaml",
                format!("package: tiny\nslices:\n{slices}"),
            ),
        ];
        let files = files.map(|(path, text)| (path, text.into_bytes()));
        ReleaseFiles::from_pairs("test", files)
    }

    #[test]
    fn what_was_validated_is_taken_up_again_unless_anything_changed() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let cache = ReleaseCache::of(&root);
        let text = "  bins:\n    hint: One\n    contents:\n      /usr/bin/*:\n      /etc/x: {text: a, \
                    mode: 0600, arch: [amd64]}\n";
        let read = |files: &ReleaseFiles, strictness| {
            Release::from_files_or_kept(files, strictness, &cache)
        };
        let first = read(&files(text), Strictness::Own).unwrap();
        let kept: Vec<_> = fs_err::read_dir(root.join("validated")).unwrap().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(read(&files(text), Strictness::Own).unwrap(), first);
        // Another rule and another content are read anew; an invalid one is never kept.
        let unknown = format!("{text}    colour: red\n");
        assert!(read(&files(&unknown), Strictness::Foreign).is_ok());
        assert!(read(&files(&unknown), Strictness::Own).is_err());
        let changed = read(&files(&text.replace("One", "Two")), Strictness::Own).unwrap();
        assert_ne!(changed, first);
        // Damage reads as absent.
        for file in fs_err::read_dir(root.join("validated")).unwrap() {
            let path = file.unwrap().path();
            let mut bytes = fs_err::read(&path).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs_err::write(&path, bytes).unwrap();
        }
        assert_eq!(read(&files(text), Strictness::Own).unwrap(), first);
    }
}
